import { once } from 'node:events'
import { connect } from 'node:net'
import type { CardUse } from '../contract.ts'
import { onJsonLines } from '../jsonLines.ts'
import { answerSchema, type CardRequest } from './messages.ts'

export interface CardConnection {
  /** Computes; gives the seconds that were done: all, or those until the signal aborted. Rejects when the card is gone. */
  compute(jobId: string, seconds: number, signal?: AbortSignal): Promise<number>
  /** What the card was used for since the last time that anybody asked, and how many compute now. */
  takeUses(): Promise<{ uses: CardUse[]; active: number }>
  close(): void
}

/** Connects a program to the card. */
export async function connectCard(path: string, client: string): Promise<CardConnection> {
  const socket = connect(path)
  await once(socket, 'connect')
  let lastId = 0
  const computing = new Map<number, PromiseWithResolvers<number>>()
  let asking: PromiseWithResolvers<{ uses: CardUse[]; active: number }> | null = null
  const say = (request: CardRequest) => void socket.write(`${JSON.stringify(request)}\n`)

  onJsonLines(socket, value => {
    const answer = answerSchema.parse(value)
    if (answer.type === 'uses') asking?.resolve(answer)
    else computing.get(answer.id)?.resolve(answer.seconds)
  })
  socket
    .on('error', () => {})
    .once('close', () => {
      const gone = new Error('the card is gone')
      for (const each of computing.values()) each.reject(gone)
      asking?.reject(gone)
    })
  say({ type: 'hello', client })

  return {
    async compute(jobId, seconds, signal) {
      lastId += 1
      const id = lastId
      const over = Promise.withResolvers<number>()
      computing.set(id, over)
      const stop = () => say({ type: 'stop', id })
      say({ type: 'compute', id, jobId, seconds })
      if (signal?.aborted) stop()
      signal?.addEventListener('abort', stop, { once: true })
      try {
        return await over.promise
      } finally {
        signal?.removeEventListener('abort', stop)
        computing.delete(id)
      }
    },
    async takeUses() {
      asking = Promise.withResolvers()
      say({ type: 'uses' })
      return await asking.promise
    },
    close: () => void socket.destroy(),
  }
}
