import { mkdir } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import type { StorageStandIn } from '../../test/standins/supabaseStorage.ts'
import { startCardProgram } from './card/program.ts'
import { nowMs } from './clock.ts'
import type { BenchJob, RunningContender, RunRecord, World } from './contract.ts'
import { createFileMaker } from './files.ts'
import { type CallbackArrival, startReceiver } from './receiver.ts'
import { startRedis } from './redis.ts'
import { REFERENCE_BUCKET, startStore } from './store.ts'
import { templatesOf } from './templates.ts'

export interface Submitted {
  job: BenchJob
  /** By the bench's clock, before it was handed over. */
  submittedAtMs: number
}

export interface OpenWorld {
  world: World
  store: StorageStandIn
  /** Every callback that came, of all jobs, in their order. */
  arrivals: readonly CallbackArrival[]
  /** Hands a job over, and puts the picture that it may refer to where it looks for it. */
  submit(contender: RunningContender, job: BenchJob): Promise<Submitted>
  /** Waits until each has had its terminal callback; false when the time is up before. */
  untilEnded(jobs: readonly Submitted[], options: { timeoutMs: number }): Promise<boolean>
  /** What became of the jobs, and what the card was used for since the last reset. */
  record(contender: string, jobs: readonly Submitted[]): Promise<RunRecord>
  /** Programs that compute on the card now. */
  computing(): Promise<number>
  /** Forgets the card's use, what was received and what was stored. */
  reset(): Promise<void>
  close(): Promise<void>
}

/** Sizes that nearly all jobs have: their files are there before the first job. */
const USUAL = [
  { width: 1024, height: 1024, frames: 1 },
  { width: 480, height: 832, frames: 1 },
  { width: 480, height: 832, frames: 81 },
] as const

/**
 * Opens what the contenders run against: a card, a store, a receiver and a Redis. `redis: false` leaves that out, for who
 * needs none. Throws ProgramMissingError; after an error nothing is left running.
 */
export async function openWorld(options: {
  scale: number
  dir: string
  redis?: boolean
}): Promise<OpenWorld> {
  const opened = new AsyncDisposableStack()
  try {
    return {
      ...(await open(options, release => opened.defer(release))),
      close: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

async function open(
  { scale, dir, redis = true }: Parameters<typeof openWorld>[0],
  defer: (release: () => void | PromiseLike<void>) => void,
): Promise<Omit<OpenWorld, 'close'>> {
  await mkdir(dir, { recursive: true })
  const files = createFileMaker({ folder: templatesOf({ dir }), ffmpeg: await findFfmpeg() })
  const [picture] = await Promise.all(USUAL.map(files.template))
  if (picture === undefined) throw new Error('no picture')

  const card = await startCardProgram(scale)
  defer(card.stop)
  const store = await startStore(scale)
  defer(() => store.close())
  const receiver = await startReceiver(scale)
  defer(() => receiver.close())
  const server = redis ? await startRedis(dir) : null
  if (server !== null) defer(server.stop)

  const ended = new Map<string, CallbackArrival>()
  let uses: RunRecord['card'] = []
  const listeners = new Set<() => void>()
  receiver.onArrival = arrival => {
    if (arrival.status === 'processing' || ended.has(arrival.jobId)) return
    ended.set(arrival.jobId, arrival)
    for (const tell of listeners) tell()
  }
  const takeUses = async () => {
    const taken = await card.connection.takeUses()
    uses.push(...taken.uses)
    return taken.active
  }

  return {
    world: {
      scale,
      cardSocket: card.socket,
      storeUrl: store.url,
      receiverUrl: receiver.url,
      redisUrl: server?.url ?? '',
      dir,
    },
    store,
    arrivals: receiver.arrivals,
    async submit(contender, job) {
      store.objects.set(`${REFERENCE_BUCKET}/${job.userId}/lighthouse.png`, {
        bytes: picture,
        contentType: 'image/png',
        updatedAt: new Date().toISOString(),
      })
      const submittedAtMs = nowMs()
      await contender.submit(job)
      return { job, submittedAtMs }
    },
    async untilEnded(jobs, { timeoutMs }) {
      const late = new AbortController()
      const { promise: all, resolve } = Promise.withResolvers<true>()
      const look = () => {
        if (jobs.every(({ job }) => ended.has(job.id))) resolve(true)
      }
      listeners.add(look)
      look()
      const timeUp = setTimeout(timeoutMs, false as const, { signal: late.signal }).catch(() => false)
      const inTime = await Promise.race([all, timeUp])
      late.abort()
      listeners.delete(look)
      return inTime
    },
    async record(contender, jobs) {
      await takeUses()
      const records = jobs.map(({ job, submittedAtMs }) => {
        const end = ended.get(job.id)
        const status = end === undefined || end.status === 'processing' ? null : end.status
        return { job, submittedAtMs, endedAtMs: end?.atMs ?? null, status }
      })
      return { contender, scale, jobs: records, card: uses.toSorted((a, b) => a.fromMs - b.fromMs) }
    },
    computing: takeUses,
    async reset() {
      await takeUses()
      uses = []
      ended.clear()
      receiver.arrivals.length = 0
      store.requests.length = 0
      store.objects.clear()
    },
  }
}
