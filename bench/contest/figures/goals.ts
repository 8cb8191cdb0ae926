import type { RenderLane } from '../../../jobs/jobTypes.ts'
import type { RunRecord } from '../contract.ts'
import type { ContenderName, ScenarioName } from '../scenarios/scenario.ts'
import { fairness } from './fairness.ts'
import { idleGap } from './idleGap.ts'
import { KINDS, latencyAt, PERCENTILES } from './latency.ts'
import { makespanSeconds } from './makespan.ts'
import { videoSlowdown } from './videoSlowdown.ts'

/** The record of one repeat; null where it was not measured. */
export type RecordOf = (contender: ContenderName, scenario?: ScenarioName) => RunRecord | null

/** One number of one repeat; null where it was not measured. */
export type Measure = (of: RecordOf) => number | null

export interface Goal {
  scenario: ScenarioName
  /** What is compared, as a sentence of the table says it. */
  figure: string
  compare: 'at least' | 'at most'
  bound: number
  as: 'ratio' | 'percent' | 'index'
  /** Of several, the worst counts. */
  parts: readonly { name: string; of: Measure }[]
}

const measured =
  (contender: ContenderName, figure: (run: RunRecord) => number, scenario?: ScenarioName): Measure =>
  of => {
    const run = of(contender, scenario)
    return run === null ? null : figure(run)
  }

const ratio =
  (above: Measure, below: Measure): Measure =>
  of => {
    const [a, b] = [above(of), below(of)]
    return a === null || b === null ? null : a / b
  }

const makespan = (contender: ContenderName) => measured(contender, makespanSeconds)
const timesFaster = (rival: ContenderName) => [
  { name: 'makespan', of: ratio(makespan(rival), makespan('ours')) },
]
const latency = (contender: ContenderName, kind: RenderLane, share: number, scenario?: ScenarioName) =>
  measured(contender, run => latencyAt(run, kind, share), scenario)
const p95Better = (rival: ContenderName, kind: RenderLane) => [
  { name: 'p95', of: ratio(latency(rival, kind, 0.95), latency('ours', kind, 0.95)) },
]
const p95OfIdle = (kind: RenderLane, idle: ScenarioName) => [
  { name: 'p95', of: ratio(latency('ours', kind, 0.95), latency('ours', kind, 0.95, idle)) },
]
const everyPercentile = (rival: ContenderName) =>
  KINDS.flatMap(kind =>
    PERCENTILES.map(share => ({
      name: `${kind} p${share * 100}`,
      of: ratio(latency(rival, kind, share), latency('ours', kind, share)),
    })),
  )

const poissonGoals = (scenario: ScenarioName): Goal[] =>
  (['loop warm', 'bullmq'] as const).map(rival => ({
    scenario,
    figure: `latency of ${rival} ÷ ours, the least over kinds and p50, p95, p99`,
    compare: 'at least',
    bound: 1,
    as: 'ratio',
    parts: everyPercentile(rival),
  }))

/** The goals that the contest was set before it was built. */
export const GOALS: readonly Goal[] = [
  {
    scenario: 'backlog-sdxl',
    figure: 'idle gap ÷ compute, ours',
    compare: 'at most',
    bound: 0.01,
    as: 'percent',
    parts: [{ name: 'idle gap', of: measured('ours', idleGap) }],
  },
  {
    scenario: 'backlog-sdxl',
    figure: 'makespan of the warm loop ÷ ours',
    compare: 'at least',
    bound: 1.15,
    as: 'ratio',
    parts: timesFaster('loop warm'),
  },
  {
    scenario: 'backlog-sdxl',
    figure: 'makespan of the cold loop ÷ ours',
    compare: 'at least',
    bound: 2,
    as: 'ratio',
    parts: timesFaster('loop cold'),
  },
  {
    scenario: 'backlog-mix',
    figure: 'makespan of the loop ÷ ours',
    compare: 'at least',
    bound: 1.5,
    as: 'ratio',
    parts: timesFaster('loop warm'),
  },
  {
    scenario: 'backlog-mix',
    figure: 'makespan of bullmq ÷ ours',
    compare: 'at least',
    bound: 1,
    as: 'ratio',
    parts: timesFaster('bullmq'),
  },
  {
    scenario: 'wan-images-among-videos',
    figure: 'p95 of the images, loop ÷ ours',
    compare: 'at least',
    bound: 10,
    as: 'ratio',
    parts: p95Better('loop warm', 'wan.image'),
  },
  {
    scenario: 'wan-images-among-videos',
    figure: 'p95 of the images, ours ÷ ours on an idle card',
    compare: 'at most',
    bound: 1.25,
    as: 'ratio',
    parts: p95OfIdle('wan.image', 'wan-images-idle'),
  },
  {
    scenario: 'sdxl-images-among-videos',
    figure: 'p95 of the images, ours ÷ ours on an idle card',
    compare: 'at most',
    bound: 1.25,
    as: 'ratio',
    parts: p95OfIdle('sdxl', 'sdxl-images-idle'),
  },
  ...(['loop warm', 'bullmq'] as const).map(
    (rival): Goal => ({
      scenario: 'sdxl-images-among-videos',
      figure: `p95 of the images, ${rival} ÷ ours`,
      compare: 'at least',
      bound: 1,
      as: 'ratio',
      parts: p95Better(rival, 'sdxl'),
    }),
  ),
  {
    scenario: 'sdxl-images-among-videos',
    // "No more" than the images' compute, to the same 1 % that a backlog may leave idle.
    figure: 'time of the videos ÷ (their compute + the images’), ours',
    compare: 'at most',
    bound: 1.01,
    as: 'ratio',
    parts: [{ name: 'videos', of: measured('ours', videoSlowdown) }],
  },
  ...poissonGoals('poisson-70'),
  ...poissonGoals('poisson-90'),
  {
    scenario: 'flood',
    figure: 'Jain’s index of GPU seconds while both users wait, ours',
    compare: 'at least',
    bound: 0.95,
    as: 'index',
    parts: [{ name: 'Jain', of: measured('ours', fairness) }],
  },
]
