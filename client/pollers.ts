import type { Client } from '@temporalio/client'
import { type QueueKind, queuePollers } from '../runtime/queuePollers.ts'
import { callServer } from './server.ts'

const FRESH_MS = 10_000

export interface Pollers {
  /** Whether any worker has asked the queue for work in the last minutes. Answers are kept for 10 s. */
  any(queue: string, kind: QueueKind): Promise<boolean>
}

/** Tells whether a task waits because nobody is there to take it. */
export function createPollers(client: Client): Pollers {
  const known = new Map<string, { atMs: number; answer: Promise<boolean> }>()
  return {
    any(queue, kind) {
      const key = `${kind} ${queue}`
      const last = known.get(key)
      if (last && Date.now() - last.atMs < FRESH_MS) return last.answer
      const answer = ask(client, queue, kind)
      known.set(key, { atMs: Date.now(), answer })
      answer.catch(() => known.delete(key))
      return answer
    },
  }
}

async function ask(client: Client, queue: string, kind: QueueKind): Promise<boolean> {
  const pollers = await callServer(client, () => queuePollers(client, client.options.namespace, queue, kind))
  return pollers.size > 0
}
