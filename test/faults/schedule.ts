import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultLine } from './audit/evidence.ts'
import { type FaultKind, now, type Outcome } from './kinds/kind.ts'
import { type Random, randomOf } from './random.ts'
import type { Stream } from './stream.ts'
import type { World } from './world/world.ts'

/** How often a second fault begins while the first is going on. */
const OVERLAP = 0.3

/** What the n-th fault is, from 1. Takes one number from `random`; the rest is the fault's own. */
export type Choice = (n: number, random: Random) => FaultKind

export interface ScheduleOptions {
  world: World
  stream: Stream
  seed: number
  count: number
  choose: Choice
  /** How many times as long it is quiet between faults; once by default. */
  calm?: number
  onFault: (fault: FaultLine) => void
  /** Told of a fault that could not be acted out, or not to its end. */
  onNotActedOut: (problem: string) => void
  signal: AbortSignal
}

/** Runs `count` faults as the seed chooses them: one after another with time to breathe, at times two at once. */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { seed, count, calm = 1, signal } = options
  for (let n = 1; n <= count && !signal.aborted; ) {
    const random = randomOf(seed, 'pace', n)
    await sleep(calm * random.int(300, 2000), undefined, { signal }).catch(() => {})
    const two = n < count && random.chance(OVERLAP)
    const faults = [runFault(options, n)]
    if (two) {
      await sleep(random.int(0, 800))
      faults.push(runFault(options, n + 1))
    }
    await Promise.all(faults)
    n += faults.length
  }
}

async function runFault(options: ScheduleOptions, n: number): Promise<void> {
  const { world, stream, seed, choose, onFault, onNotActedOut } = options
  const random = randomOf(seed, 'fault', n)
  const kind = choose(n, random)
  const from = now()
  const outcome = await kind.act({ world, stream, random }).catch((error): Outcome => {
    onNotActedOut(`fault ${n}, ${kind.name}, could not be acted out: ${error}`)
    return { target: '', down: [], hit: false, detail: `could not be acted out: ${error}` }
  })
  const fault = { n, kind: kind.name, from, to: now(), hit: true, ...outcome }
  world.records.fault(fault)
  onFault(fault)
}
