import type { RunRecord } from '../contract.ts'
import type { ContenderName, ScenarioName } from '../scenarios/scenario.ts'
import { GOALS, type Goal } from './goals.ts'
import { type Spread, spreadOf } from './spread.ts'

/** One run of the contest: the record, and where it belongs. */
export interface ContestRun {
  scenario: ScenarioName
  contender: ContenderName
  /** From 1. */
  repeat: number
  record: RunRecord
}

export interface Outcome {
  scenario: ScenarioName
  figure: string
  compare: Goal['compare']
  bound: number
  as: Goal['as']
  /** Over the repeats, each compared with the runs of the same repeat; null where nothing was measured. */
  measured: Spread | null
  /** Which part was the worst, where there are several. */
  worst: string | null
  verdict: 'met' | 'missed' | 'not measured'
}

/** Every goal against the runs; the median over the repeats decides. */
export function verdicts(runs: readonly ContestRun[], goals: readonly Goal[] = GOALS): Outcome[] {
  const repeats = [...new Set(runs.map(({ repeat }) => repeat))]
  return goals.map(goal => {
    const spreads = goal.parts.flatMap(({ name, of }) => {
      const values = repeats.flatMap(repeat => of(recordsOf(runs, goal.scenario, repeat)) ?? [])
      return values.length === 0 ? [] : [{ name, spread: spreadOf(values) }]
    })
    const sign = goal.compare === 'at least' ? 1 : -1
    const [worst] = spreads.toSorted((a, b) => sign * (a.spread.median - b.spread.median))
    const { scenario, figure, compare, bound, as } = goal
    return {
      ...{ scenario, figure, compare, bound, as },
      measured: worst?.spread ?? null,
      worst: goal.parts.length > 1 ? (worst?.name ?? null) : null,
      verdict: worst === undefined ? 'not measured' : verdictOf(goal, worst.spread.median),
    }
  })
}

function recordsOf(runs: readonly ContestRun[], own: ScenarioName, repeat: number) {
  return (contender: ContenderName, scenario = own): RunRecord | null =>
    runs.find(run => run.scenario === scenario && run.contender === contender && run.repeat === repeat)
      ?.record ?? null
}

function verdictOf({ compare, bound }: Pick<Goal, 'compare' | 'bound'>, value: number): 'met' | 'missed' {
  return (compare === 'at least' ? value >= bound : value <= bound) ? 'met' : 'missed'
}
