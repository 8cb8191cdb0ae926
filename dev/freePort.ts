import { once } from 'node:events'
import { createServer } from 'node:net'

/** The preferred port of the loopback address if it is free, else any free one. Another process may take it before it is used. */
export async function freePort(preferred = 0): Promise<number> {
  return (await tryPort(preferred)) ?? (await freePort())
}

async function tryPort(port: number): Promise<number | null> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if (port !== 0) return null
    throw error
  }
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : null
}
