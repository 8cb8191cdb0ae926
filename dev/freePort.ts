import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what Linux (32768) and macOS (49152) take for the near end of outgoing connections, unless told otherwise. */
const CHOICE = { from: 20_000, to: 32_768 } as const
const TRIES = 200

/**
 * The preferred port of the loopback address if it is free, else any free one that no outgoing connection can take before it is
 * used; a program that asks for this very port still can.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred
  for (let tries = 0; tries < TRIES; tries++) {
    const port = randomInt(CHOICE.from, CHOICE.to)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port of ${TRIES} tried between ${CHOICE.from} and ${CHOICE.to}`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
