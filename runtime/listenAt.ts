import type { Server } from 'node:http'

/** Has a server listen, on any free port where `port` is 0, and gives its address. Throws when the port is taken. */
export async function listenAt(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<string> {
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await listening
  const address = server.address()
  const actual = typeof address === 'object' && address ? address.port : port
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
}
