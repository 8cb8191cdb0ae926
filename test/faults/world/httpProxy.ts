import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * `down`: the connection breaks at once. `slow`: every request waits first. `half-open`: it is not even read. `error`: 500
 * without reaching the other side. `answer-lost`: the work is done, and the connection breaks before the answer.
 */
export type HttpMode =
  | { kind: 'pass' | 'down' | 'half-open' | 'error' | 'answer-lost' }
  | { kind: 'slow'; delayMs: number }

export interface Exchange {
  method: string
  path: string
  status: number
}

/** Stands between a process and something that speaks HTTP. */
export interface HttpProxy {
  url: string
  set(mode: HttpMode): void
  /** Told of every answer of the other side, before it is passed on: what it does at once happens before the caller knows. */
  onAnswer(listener: (exchange: Exchange) => void): () => void
  close(): Promise<void>
}

const HOST = '127.0.0.1'
/** As a gateway in front of a dead function words it. */
const ERROR = { message: 'An invalid response was received from the upstream server' }

export async function startHttpProxy(target: string): Promise<HttpProxy> {
  let mode: HttpMode = { kind: 'pass' }
  const listeners = new Set<(exchange: Exchange) => void>()

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const now = mode
    if (now.kind === 'down') return void incoming.socket.resetAndDestroy()
    if (now.kind === 'half-open') return void incoming.socket.pause()
    if (now.kind === 'error') {
      incoming.resume()
      response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify(ERROR))
      return
    }
    if (now.kind === 'slow') await sleep(now.delayMs)
    await forward(incoming, response, now.kind === 'answer-lost')
  }

  function forward(incoming: IncomingMessage, response: ServerResponse, lose: boolean): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = incoming
    return new Promise((resolve, reject) => {
      const outgoing = request(`${target}${path}`, { method, headers }, answer => {
        const status = answer.statusCode ?? 0
        for (const listener of listeners) listener({ method, path, status })
        if (lose) {
          answer.resume()
          incoming.socket.resetAndDestroy()
          return resolve()
        }
        response.writeHead(status, answer.headers)
        answer.pipe(response)
        answer.once('end', resolve).once('error', reject)
      })
      outgoing.once('error', reject)
      // A caller that has left takes its request with it, as through a proxy that does not buffer.
      incoming.once('close', () => {
        if (!incoming.complete) outgoing.destroy()
      })
      incoming.pipe(outgoing)
    })
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, HOST, resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return {
    url: `http://${HOST}:${address.port}`,
    set(next) {
      // Those that hang or wait belong to the fault that is over.
      if (mode.kind === 'half-open') server.closeAllConnections()
      mode = next
      if (next.kind === 'down') server.closeAllConnections()
    },
    onAnswer(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
