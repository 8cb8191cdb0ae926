import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultLine } from '../audit/evidence.ts'
import type { Random } from '../random.ts'
import type { Stream } from '../stream.ts'
import type { Host, WorkerProcess } from '../world/workers.ts'
import type { World } from '../world/world.ts'

/** What a fault acts upon. `random` is its own, so that a seed repeats its choices whatever else happens. */
export interface Stage {
  world: World
  stream: Stream
  random: Random
}

export type Outcome = Pick<FaultLine, 'target' | 'down' | 'detail'> & {
  hit?: boolean
  /** When the damage began, if that was later than the fault: it may have waited for its moment. */
  from?: string
}

/** A way in which something breaks. `act` resolves when it is mended, and what it broke is being started again. */
export interface FaultKind {
  name: string
  weight: number
  act(stage: Stage): Promise<Outcome>
}

/** The heartbeat time-out of the pipeline, before it is scaled. */
export const HEARTBEAT_TIMEOUT_MS = 30_000

export const now = () => new Date().toISOString()

/** A duration as it would be in production, in the run's own time. */
export function scaled({ world }: Stage, ms: number): number {
  return ms * world.timeScale
}

export function anyHost({ world, random }: Stage): Host {
  return random.pick(world.hosts)
}

export function anyWorker({ world, random }: Stage): WorkerProcess {
  return random.pick([...world.controls, ...world.hosts])
}

/** What is out of service while this worker is: one of two control workers is missed by nobody. */
export function downWith(worker: WorkerProcess): string[] {
  return 'hostId' in worker ? [`gpu:${worker.keeper.name}`] : []
}

/** Kills a process and keeps it down for a while. The processes that it leaves must end by themselves. */
export async function killFor(keeper: WorkerProcess['keeper'], ms: number): Promise<void> {
  const release = keeper.hold()
  try {
    keeper.signal('SIGKILL')
    await keeper.gone()
    await sleep(ms)
  } finally {
    release()
  }
}
