import { statSync } from 'node:fs'
import type { Random } from '../random.ts'
import type { Keeper } from '../world/keeper.ts'
import type { RenderMoment } from '../world/renderWatch.ts'
import type { Host } from '../world/workers.ts'
import type { World } from '../world/world.ts'
import { doneBefore } from './doneBefore.ts'
import { downWith, type FaultKind, killFor, type Outcome, type Stage } from './kind.ts'

/** A moment that came. */
interface Seen {
  jobId: string
  host: string
  /** Whether it had passed by this time (ms since 1970): what is seen from outside is seen late. */
  passedBy(atMs: number): Promise<boolean>
}

type Watch = (world: World, tell: (seen: Seen) => void) => () => void
/** `struck`: somebody was there to be killed. */
type Kill = (stage: Stage, host: Host) => { down: string[]; struck: boolean; done: Promise<unknown> }

/** Longest wait for a moment; after it the kill comes at any moment. */
const PATIENCE_MS = 6000

/** As they are seen in the render folder, and on the way to the store. */
const WATCHES: Record<string, Watch> = {
  'while-rendering': onRender('drawing'),
  'while-receipt-is-written': onRender('receipt-writing'),
  'before-completion-is-reported': onRender('receipt'),
  'between-uploads': onUpload('first'),
  'after-last-upload': onUpload('last'),
}

const VICTIMS: readonly { name: string; weight: number; kill: Kill }[] = [
  { name: 'gpu', weight: 3.5, kill: killGpu },
  { name: 'temporal', weight: 1.5, kill: killTemporal },
  { name: 'control', weight: 1.5, kill: killControls },
  { name: 'engine', weight: 1, kill: killEngine },
]

/** SIGKILL of each at each of the nasty moments. */
export const MOMENTS: readonly FaultKind[] = VICTIMS.flatMap(({ name, weight, kill }) =>
  Object.entries(WATCHES).map(([moment, watch]) => atMoment(`${name}-killed-${moment}`, weight, watch, kill)),
)

function atMoment(name: string, weight: number, watch: Watch, kill: Kill): FaultKind {
  return {
    name,
    weight,
    async act(stage): Promise<Outcome> {
      const { world, random } = stage
      const moment = Promise.withResolvers<{
        seen: Seen | null
        host: Host
        killing: ReturnType<Kill>
        atMs: number
      }>()
      const strike = (seen: Seen | null) => {
        const host = world.hosts.find(({ hostId }) => hostId === seen?.host) ?? random.pick(world.hosts)
        const killing = kill(stage, host)
        moment.resolve({ seen, host, killing, atMs: Date.now() })
        stopWatching()
        clearTimeout(timer)
      }
      let struck = false
      const once = (seen: Seen | null) => {
        if (struck) return
        struck = true
        strike(seen)
      }
      const stopWatching = watch(world, once)
      const timer = setTimeout(once, PATIENCE_MS, null)
      const { seen, host, killing, atMs } = await moment.promise
      await killing.done
      const hit = killing.struck && seen !== null && !(await seen.passedBy(atMs))
      const late = killing.struck ? 'too late for' : 'nobody was there at'
      const miss = seen === null ? 'its moment did not come' : `${late} job ${seen.jobId}`
      const detail = hit ? `job ${seen.jobId}` : miss
      return { target: host.hostId, down: killing.down, hit, from: new Date(atMs).toISOString(), detail }
    },
  }
}

function onRender(wanted: RenderMoment): Watch {
  return (world, tell) =>
    world.onRender(({ moment, jobId, host, receipt }) => {
      if (moment !== wanted) return
      const passedBy = async (atMs: number) =>
        moment === 'receipt' ? doneBefore(world, jobId, 'generate', atMs) : writtenBefore(receipt, atMs)
      tell({ jobId, host, passedBy })
    })
}

/** Whether the receipt was there; a file's time lags behind by some milliseconds, so that a close call counts as missed. */
function writtenBefore(receipt: string, atMs: number): boolean {
  const mtimeMs = statSync(receipt, { throwIfNoEntry: false })?.mtimeMs
  return mtimeMs !== undefined && mtimeMs < atMs
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
        const passedBy = (atMs: number) => doneBefore(world, jobId, 'uploadAssets', atMs)
        if (paths.size === wanted) tell({ jobId, host: host.hostId, passedBy })
      }),
    )
    return () => {
      for (const stop of stops) stop()
    }
  }
}

function killGpu({ random }: Stage, host: Host) {
  return { ...kill([host.keeper], random), down: downWith(host) }
}

function killTemporal({ world, random }: Stage) {
  return { ...kill([world.temporal.keeper], random), down: ['temporal'] }
}

/** Both, as either may be the one that is at it. */
function killControls({ world, random }: Stage) {
  const keepers = world.controls.map(({ keeper }) => keeper)
  return { ...kill(keepers, random), down: ['control'] }
}

function kill(keepers: readonly Keeper[], random: Random) {
  const struck = keepers.some(keeper => keeper.pid() !== null)
  return { struck, done: Promise.all(keepers.map(keeper => killFor(keeper, random.int(0, 1500)))) }
}

/** Its worker starts it again by itself. */
function killEngine(_stage: Stage, host: Host) {
  const pid = host.enginePid()
  return { down: [`engine:${host.hostId}`], struck: pid !== null && killed(pid), done: Promise.resolve() }
}

function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
    return false
  }
}
