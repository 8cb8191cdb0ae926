import { setTimeout } from 'node:timers/promises'
import { nowMs } from './clock.ts'
import { CONTENDERS } from './contenders.ts'
import type { Arrival, RunRecord } from './contract.ts'
import { ALL_SCENARIOS } from './scenarios/all.ts'
import { totalSeconds } from './scenarios/arrivals.ts'
import type { ContenderName, ScenarioName } from './scenarios/scenario.ts'
import { warmUp } from './warmUp.ts'
import { type OpenWorld, openWorld } from './world.ts'

/** Whoever takes longer than this is not slow but stuck. */
const PATIENCE = { perJobSeconds: 60, timesCompute: 4, atLeastMs: 60_000 }

/** One contender through one scenario, in a world of its own. Nothing of it is left running. */
export async function runOne(options: {
  scenario: ScenarioName
  contender: ContenderName
  /** Chooses the arrivals. */
  seed: number
  scale: number
  dir: string
}): Promise<RunRecord> {
  const { scenario, contender, seed, scale, dir } = options
  const arrivals = ALL_SCENARIOS[scenario].arrivals({ seed, scale })
  const opened = await openWorld({ scale, dir, redis: contender !== 'ours' })
  try {
    const running = await CONTENDERS[contender].start(opened.world)
    try {
      await warmUp(opened, running)
      const submitted = await submitAll(opened, running, arrivals)
      await opened.untilEnded(submitted, { timeoutMs: patienceMs(arrivals, scale) })
      return await opened.record(contender, submitted)
    } finally {
      await running.stop()
    }
  } finally {
    await opened.close()
  }
}

/** Each at its moment, whatever became of the ones before. */
function submitAll(opened: OpenWorld, running: Parameters<OpenWorld['submit']>[0], arrivals: Arrival[]) {
  const startMs = nowMs()
  return Promise.all(
    arrivals.map(async ({ atMs, job }) => {
      await setTimeout(Math.max(0, startMs + atMs - nowMs()))
      return await opened.submit(running, job)
    }),
  )
}

function patienceMs(arrivals: readonly Arrival[], scale: number): number {
  const { perJobSeconds, timesCompute, atLeastMs } = PATIENCE
  const jobs = arrivals.map(({ job }) => job)
  const seconds = totalSeconds(jobs) * timesCompute + jobs.length * perJobSeconds
  return atLeastMs + seconds * scale * 1000
}
