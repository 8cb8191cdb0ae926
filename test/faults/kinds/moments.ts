import type { Random } from '../random.ts'
import type { RenderMoment } from '../world/renderWatch.ts'
import type { Host } from '../world/workers.ts'
import type { World } from '../world/world.ts'
import { downWith, type FaultKind, killFor, now, type Outcome, type Stage } from './kind.ts'

interface Seen {
  jobId: string
  host: string
}

/** Longest wait for a moment; after it the kill comes at any moment. */
const PATIENCE_MS = 6000

/** SIGKILL at the nasty moments, as they are seen from outside: in the render folder, and on the way to the store. */
export const MOMENTS: readonly FaultKind[] = [
  atMoment('gpu-killed-while-rendering', 2, onRender('begun'), killGpu),
  atMoment('gpu-killed-while-receipt-is-written', 4, onRender('receipt-writing'), killGpu),
  atMoment('gpu-killed-before-completion-is-reported', 4, onRender('receipt'), killGpu),
  atMoment('temporal-killed-before-completion-is-reported', 2, onRender('receipt'), killTemporal),
  atMoment('gpu-killed-between-uploads', 4, onUpload('first'), killGpu),
  atMoment('gpu-killed-after-last-upload', 4, onUpload('last'), killGpu),
  atMoment('temporal-killed-after-last-upload', 2, onUpload('last'), killTemporal),
  atMoment('control-killed-between-upload-and-callback', 3, onUpload('last'), killControls),
]

type Watch = (world: World, tell: (seen: Seen) => void) => () => void
type Kill = (stage: Stage, host: Host) => { down: string[]; done: Promise<unknown> }

function atMoment(name: string, weight: number, watch: Watch, kill: Kill): FaultKind {
  return {
    name,
    weight,
    async act(stage): Promise<Outcome> {
      const { world, random } = stage
      const moment = Promise.withResolvers<{
        seen: Seen | null
        host: Host
        from: string
        killing: ReturnType<Kill>
      }>()
      const strike = (seen: Seen | null) => {
        const host = world.hosts.find(({ hostId }) => hostId === seen?.host) ?? random.pick(world.hosts)
        stopWatching()
        clearTimeout(timer)
        moment.resolve({ seen, host, from: now(), killing: kill(stage, host) })
      }
      let struck = false
      const once = (seen: Seen | null) => {
        if (struck) return
        struck = true
        strike(seen)
      }
      const stopWatching = watch(world, once)
      const timer = setTimeout(once, PATIENCE_MS, null)
      const { seen, host, from, killing } = await moment.promise
      await killing.done
      const detail = seen === null ? 'its moment did not come' : `job ${seen.jobId}`
      return { target: host.hostId, down: killing.down, hit: seen !== null, from, detail }
    },
  }
}

function onRender(wanted: RenderMoment): Watch {
  return (world, tell) => world.onRender(seen => seen.moment === wanted && tell(seen))
}

const OBJECT = /^\/storage\/v1\/object\/[^/]+\/[^/]+\/([0-9a-f-]{36})\/\d+\.(png|mp4|thumb\.webp)$/

/** `first`: one object of a job is in the store and others are not. `last`: all are, and their uploader does not know yet. */
function onUpload(which: 'first' | 'last'): Watch {
  return (world, tell) => {
    const stored = new Map<string, Set<string>>()
    const stops = world.hosts.map(host =>
      host.store.onAnswer(({ method, path, status }) => {
        const jobId = OBJECT.exec(path)?.[1]
        if (jobId === undefined || status !== 200 || method === 'GET') return
        const paths = stored.get(jobId) ?? new Set()
        stored.set(jobId, paths.add(path))
        const wanted = which === 'first' ? 1 : world.ledger.objectsOf(jobId)
        if (paths.size === wanted) tell({ jobId, host: host.hostId })
      }),
    )
    return () => {
      for (const stop of stops) stop()
    }
  }
}

function killGpu({ random }: Stage, host: Host) {
  return { down: downWith(host), done: killFor(host.keeper, pause(random)) }
}

function killTemporal({ world, random }: Stage) {
  return { down: ['temporal'], done: killFor(world.temporal.keeper, pause(random)) }
}

/** Both, as either may be the one that is at it. */
function killControls({ world, random }: Stage) {
  return {
    down: ['control'],
    done: Promise.all(world.controls.map(({ keeper }) => killFor(keeper, pause(random)))),
  }
}

function pause(random: Random): number {
  return random.int(0, 1500)
}
