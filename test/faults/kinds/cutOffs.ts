import { setTimeout as sleep } from 'node:timers/promises'
import { wantedJob } from '../payloads.ts'
import type { Host } from '../world/workers.ts'
import type { World } from '../world/world.ts'
import { anyWorker, downWith, type FaultKind, HEARTBEAT_TIMEOUT_MS, now, type Stage, scaled } from './kind.ts'

const MODES = ['down', 'half-open'] as const
/** Longest wait for the job to be drawn; after it any host is cut off. */
const PATIENCE_MS = 20_000
/** Within it a worker tells Temporal that the job has the card. */
const TOLD_MS = 1000
/** As many frames as a real video has: drawn slowly, they outlast the time after which a host is given up. */
const FRAMES = 81

/** One worker cannot reach Temporal, and everybody else can. */
export const CUT_OFFS: readonly FaultKind[] = [
  {
    name: 'cut-off-from-temporal',
    weight: 4,
    async act(stage) {
      const worker = anyWorker(stage)
      const mode = stage.random.pick(MODES)
      worker.temporal.set(mode)
      await sleep(scaled(stage, HEARTBEAT_TIMEOUT_MS) * (0.2 + 1.5 * stage.random.next()))
      worker.temporal.set('pass')
      return { target: worker.keeper.name, down: downWith(worker), detail: mode }
    },
  },
  {
    name: 'cut-off-from-temporal-until-lost',
    weight: 1,
    async act(stage) {
      const { world, stream, random } = stage
      const mode = random.pick(MODES)
      const awayMs = lostAfterMs(stage) + random.int(2000, 8000)
      const job = wantedJob(random, world.pictures, 'slow', 'video_high', FRAMES)
      const { jobId } = job.submission
      const begun = begunAt(world, jobId)
      await stream.submit(job)
      const seen = await begun
      const host = seen ?? random.pick(world.hosts)
      if (seen !== null) await sleep(TOLD_MS)
      const from = now()
      host.temporal.set(mode)
      await sleep(awayMs)
      host.temporal.set('pass')
      const what = seen === null ? 'the job was not begun in time' : `drawing job ${jobId}`
      const detail = `${mode} for ${awayMs} ms, longer than the host-lost time; ${what}`
      return { target: host.hostId, down: downWith(host), hit: seen !== null, from, detail }
    },
  },
]

/** The attempt times out, its successor asks for the host, and gives it up. */
function lostAfterMs(stage: Stage): number {
  return scaled(stage, HEARTBEAT_TIMEOUT_MS) + stage.world.hostLostMs
}

/** The host where a job is begun; null when that takes too long. */
function begunAt(world: World, jobId: string): Promise<Host | null> {
  return new Promise(resolve => {
    const end = (host: Host | null) => {
      stopWatching()
      clearTimeout(timer)
      resolve(host)
    }
    const stopWatching = world.onRender(seen => {
      if (seen.jobId !== jobId || seen.moment !== 'drawing') return
      end(world.hosts.find(({ hostId }) => hostId === seen.host) ?? null)
    })
    const timer = setTimeout(end, PATIENCE_MS, null)
  })
}
