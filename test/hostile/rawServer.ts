import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface RawServer {
  /** `127.0.0.1:port`. */
  host: string
  port: number
  connections(): number
}

/** A server on loopback that speaks by hand: `answer` is called with the path of the first request of a connection, and with the whole of it. */
export async function openRawServer(
  answer: (socket: Socket, path: string, sent: string) => void,
): Promise<RawServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer(socket => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {}).once('close', () => sockets.delete(socket))
    let asked = ''
    socket.on('data', data => {
      if (isWhole(asked)) return
      asked += data.toString('latin1')
      if (isWhole(asked)) answer(socket, decodeURIComponent(asked.split(' ')[1]?.slice(1) ?? ''), asked)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { host: `127.0.0.1:${port}`, port, connections: () => connections }
}

/** Head and, where a length is announced, body. */
function isWhole(request: string): boolean {
  const at = request.indexOf('\r\n\r\n')
  const length = Number(/content-length: (\d+)/i.exec(request)?.[1] ?? 0)
  return at >= 0 && request.length >= at + 4 + length
}
