import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { refusedAnswer } from './callbackAnswer.ts'

/**
 * What the receiver does with a delivery. `bad-request` and `server-error` refuse it unprocessed; `redirect` sends it to
 * itself; `hang` never answers; `half-open` processes it and stops in mid-answer; `answer-lost` processes it and breaks
 * the connection; `slow` works on it for a while, even if the sender has left by then.
 */
export type Behaviour =
  | 'ok'
  | 'bad-request'
  | 'server-error'
  | 'redirect'
  | 'hang'
  | 'half-open'
  | 'answer-lost'
  | { kind: 'slow'; delayMs: number }

export interface Answer {
  status: number
  body: unknown
}

export interface Request {
  response: ServerResponse
  /** Takes the content over, and gives the answer to it. */
  process: () => Answer
  /** Where a redirect leads. */
  path: string
  /** Aborts when the receiver closes. */
  signal: AbortSignal
}

/** Resolves when the receiver has done with the delivery what it will; the connection may stay open. */
export async function behaveAs(
  behaviour: Behaviour,
  { response, process, path, signal }: Request,
): Promise<void> {
  if (typeof behaviour !== 'string') {
    await sleep(behaviour.delayMs, undefined, { signal })
    return sendAnswer(response, process())
  }
  switch (behaviour) {
    case 'ok':
      return sendAnswer(response, process())
    case 'bad-request':
      return sendJson(response, 400, refusedAnswer('canceling statement due to statement timeout'))
    case 'server-error':
      return sendJson(response, 500, { message: 'An invalid response was received from the upstream server' })
    case 'redirect':
      response.writeHead(307, { location: `${path}?redirected` }).end()
      return
    case 'hang':
      return
    case 'half-open': {
      const answer = JSON.stringify(process().body)
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }
      response.writeHead(200, headers).write(answer.slice(0, answer.length / 2))
      return
    }
    case 'answer-lost':
      process()
      response.socket?.resetAndDestroy()
      return
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

function sendAnswer(response: ServerResponse, { status, body }: Answer): void {
  sendJson(response, status, body)
}
