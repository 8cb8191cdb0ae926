import { setTimeout as sleep } from 'node:timers/promises'
import type { ActionLine } from './audit/evidence.ts'
import type { World } from './world/world.ts'

export interface Operator {
  /** Tells what was asked for, by job id: only jobs that kill the program for ever are rejected. */
  wished(jobId: string, wish: string | null): void
  /** Delivers again what was given up. Gives how many. */
  redeliver(): Promise<number>
  stop(): Promise<void>
}

const LOOK_MS = 1500
/** Wishes that kill the program whenever they are tried. */
const FOREVER = new Set(['kill', 'crash', 'exit_0', 'flood', 'hang', 'cuda_error'])

/** Looks after what needs a person: jobs in quarantine, and at the end callbacks that were given up. */
export function startOperator({ pipeline, records }: World): Operator {
  const wishes = new Map<string, string>()
  const over = new AbortController()

  async function act(kind: ActionLine['kind'], jobId: string, work: () => Promise<string>): Promise<boolean> {
    try {
      records.action({ kind, jobId, ok: true, detail: await work() })
      return true
    } catch (error) {
      records.action({ kind, jobId, ok: false, detail: String(error) })
      return false
    }
  }

  async function decide(jobId: string): Promise<void> {
    const { quarantine } = pipeline
    const told = ({ changed }: { changed: boolean }) => (changed ? 'decided' : 'decided before')
    if (FOREVER.has(wishes.get(jobId) ?? '')) {
      await act('reject', jobId, async () => told(await quarantine.reject(jobId, { note: 'kills for ever' })))
    } else await act('release', jobId, async () => told(await quarantine.release(jobId)))
  }

  async function watch(): Promise<void> {
    while (!over.signal.aborted) {
      await sleep(LOOK_MS)
      // While Temporal is away there is nothing to be seen.
      const waiting = await pipeline.quarantine.list().catch(() => [])
      for (const { jobId } of waiting) await decide(jobId)
    }
  }
  const watching = watch()

  return {
    wished(jobId, wish) {
      if (wish !== null) wishes.set(jobId, wish)
    },
    async redeliver() {
      const given = await pipeline.list({ undelivered: true, limit: 1000 }).catch(() => [])
      let done = 0
      for (const { jobId } of given) {
        if (await act('redeliver', jobId, async () => (await pipeline.redeliver(jobId)).action)) done += 1
      }
      return done
    },
    async stop() {
      over.abort()
      await watching
    },
  }
}
