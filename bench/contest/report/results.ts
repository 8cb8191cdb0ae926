import type { RenderLane } from '../../../jobs/jobTypes.ts'
import type { RunRecord } from '../contract.ts'
import { computeMs } from '../figures/computing.ts'
import { computeWhileAllWait, fairness } from '../figures/fairness.ts'
import { idleGap } from '../figures/idleGap.ts'
import { KINDS, latencyAt, latencySeconds, PERCENTILES } from '../figures/latency.ts'
import { makespanSeconds } from '../figures/makespan.ts'
import { type Spread, spreadOf } from '../figures/spread.ts'
import { type Outcome, verdicts } from '../figures/verdicts.ts'
import { videoSlowdown } from '../figures/videoSlowdown.ts'
import { ALL_SCENARIOS } from '../scenarios/all.ts'
import { CONTENDERS, type ContenderName, SCENARIOS, type ScenarioName } from '../scenarios/scenario.ts'
import type { Checkpoint } from './checkpoints.ts'
import type { Machine } from './machine.ts'

export interface Latency {
  kind: RenderLane
  count: number
  /** Real seconds at p50, p95 and p99. */
  seconds: Spread[]
}

export interface ContenderFigures {
  scenario: ScenarioName
  title: string
  contender: ContenderName
  repeats: number
  jobs: number
  completed: number
  makespanSeconds: Spread
  computeSeconds: Spread
  idleGap: Spread
  latencies: Latency[]
  videoSlowdown: Spread | null
  /** While all users waited: Jain's index, and the real seconds of the card that each had, in the order of their first jobs. */
  fairness: { index: Spread; seconds: Spread[] } | null
}

export interface Results {
  machine: Machine
  measuredOn: string
  scale: number
  goals: Outcome[]
  figures: ContenderFigures[]
}

/** Everything that tables show. Throws when there are no runs. */
export function resultsOf(runs: readonly Checkpoint[]): Results {
  const last = runs.toSorted((a, b) => a.measuredOn.localeCompare(b.measuredOn)).at(-1)
  if (last === undefined) throw new Error('there are no runs to report')
  return {
    machine: last.machine,
    measuredOn: last.measuredOn.slice(0, 10),
    scale: last.record.scale,
    goals: verdicts(runs),
    figures: SCENARIOS.flatMap(scenario =>
      CONTENDERS.flatMap(contender => {
        const own = runs.filter(run => run.scenario === scenario && run.contender === contender)
        return own.length === 0 ? [] : [figuresOf(scenario, contender, own)]
      }),
    ),
  }
}

function figuresOf(
  scenario: ScenarioName,
  contender: ContenderName,
  runs: readonly Checkpoint[],
): ContenderFigures {
  const records = runs.map(({ record }) => record)
  const jobs = records.flatMap(record => record.jobs)
  const over = (figure: (record: Checkpoint['record']) => number) => spreadOf(records.map(figure))
  return {
    scenario,
    title: ALL_SCENARIOS[scenario].title,
    contender,
    repeats: runs.length,
    jobs: jobs.length,
    completed: jobs.filter(({ status }) => status === 'completed').length,
    makespanSeconds: over(makespanSeconds),
    computeSeconds: over(({ card, scale }) => computeMs(card) / scale / 1000),
    idleGap: over(idleGap),
    latencies: KINDS.flatMap(kind => {
      const count = latencySeconds(records, kind).length
      const seconds = PERCENTILES.map(share => over(record => latencyAt(record, kind, share)))
      return count === 0 ? [] : [{ kind, count, seconds }]
    }),
    videoSlowdown: scenario.endsWith('among-videos') ? over(videoSlowdown) : null,
    fairness: scenario === 'flood' ? fairnessOf(records) : null,
  }
}

function fairnessOf(records: readonly RunRecord[]): ContenderFigures['fairness'] {
  const shares = records.map(record =>
    [...computeWhileAllWait(record).values()].map(ms => ms / record.scale / 1000),
  )
  const seconds = (shares[0] ?? []).map((_, user) => spreadOf(shares.map(each => each[user] ?? 0)))
  return { index: spreadOf(records.map(fairness)), seconds }
}
