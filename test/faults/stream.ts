import { setTimeout as sleep } from 'node:timers/promises'
import { type WantedJob, wantedJob } from './payloads.ts'
import { type Random, randomOf } from './random.ts'
import type { World } from './world/world.ts'

export interface Stream {
  /** Submits one more job, at once, beside those of the stream. */
  submit(job: WantedJob): Promise<void>
  stop(): Promise<void>
}

/** More open jobs than this would only wait. */
const MOST_OPEN = 14
const CANCELLED_SHARE = 0.06

/** A steady stream of jobs of every kind, for as long as not too many are open. Some are cancelled by their client. */
export function startStream(
  world: World,
  seed: number,
  onSubmit: (jobId: string, wish: string | null) => void,
): Stream {
  const { ledger, pipeline, records, pictures } = world
  const over = new AbortController()
  const cancelling = new Set<Promise<void>>()

  async function submit({ payload, submission }: WantedJob): Promise<void> {
    ledger.submitted(submission.jobId, 2 * submission.images)
    onSubmit(submission.jobId, submission.wish)
    // A producer that does not know whether its job has arrived asks again, and finds it.
    for (;;) {
      try {
        await pipeline.submit(payload)
        break
      } catch {
        await sleep(200)
      }
    }
    records.submission({ at: new Date().toISOString(), ...submission })
  }

  async function cancelLater(random: Random, jobId: string): Promise<void> {
    await sleep(random.int(0, 3000))
    try {
      const { wasRunning, status } = await pipeline.cancel(jobId)
      records.action({ kind: 'cancel', jobId, ok: wasRunning, detail: `it was ${status}` })
    } catch (error) {
      records.action({ kind: 'cancel', jobId, ok: false, detail: String(error) })
    }
  }

  async function go(): Promise<void> {
    for (let n = 0; !over.signal.aborted; n++) {
      const random = randomOf(seed, 'job', n)
      const job = wantedJob(random, pictures)
      await submit(job)
      if (random.chance(CANCELLED_SHARE)) {
        const cancel = cancelLater(random, job.submission.jobId).finally(() => cancelling.delete(cancel))
        cancelling.add(cancel)
      }
      await sleep(random.int(200, 900))
      while (ledger.open().length >= MOST_OPEN && !over.signal.aborted) await sleep(100)
    }
  }
  const going = go()

  return {
    submit,
    async stop() {
      over.abort()
      await going
      await Promise.all(cancelling)
    },
  }
}
