import type { Outcome } from '../figures/verdicts.ts'
import { ALL_SCENARIOS } from '../scenarios/all.ts'
import { markdownTable } from './markdownTable.ts'
import { digits, percent, spreadText } from './numbers.ts'
import type { ContenderFigures, Results } from './results.ts'

export const GOAL_HEAD = ['scenario', 'figure', 'goal', 'measured', ''] as const

/** Every goal with what was measured. */
export function goalTable(goals: readonly Outcome[]): string {
  return markdownTable(GOAL_HEAD, goalRows(goals))
}

export function goalRows(goals: readonly Outcome[]): string[][] {
  return goals.map(goal => {
    const text = goal.as === 'percent' ? percent : (value: number) => digits(value)
    const found = goal.measured === null ? '–' : spreadText(goal.measured, text)
    const worst = goal.worst === null ? '' : `, ${goal.worst}`
    const bound = `${goal.compare === 'at least' ? '≥' : '≤'} ${text(goal.bound)}`
    const verdict = goal.verdict === 'missed' ? '**missed**' : goal.verdict
    return [ALL_SCENARIOS[goal.scenario].title, goal.figure, bound, `${found}${worst}`, verdict]
  })
}

export function makespanTable({ figures }: Results): string {
  const rows = figures.map(each => [
    each.title,
    each.contender,
    `${each.completed} of ${each.jobs}`,
    spreadText(each.makespanSeconds),
    digits(each.computeSeconds.median),
    spreadText(each.idleGap, percent),
    other(each),
  ])
  return markdownTable(
    ['scenario', 'system', 'completed', 'makespan, s', 'compute, s', 'idle gap ÷ compute', ''],
    rows,
  )
}

function other({ videoSlowdown, fairness }: ContenderFigures): string {
  if (videoSlowdown !== null) return `videos × ${spreadText(videoSlowdown)}`
  if (fairness === null) return ''
  const [flood = '–', single = '–'] = fairness.seconds.map(each => spreadText(each))
  return `card while both wait: the flood ${flood} s, the other ${single} s; Jain ${spreadText(fairness.index)}`
}

export function latencyTable({ figures }: Results): string {
  const rows = figures
    .filter(({ scenario }) => !scenario.startsWith('backlog'))
    .flatMap(({ title, contender, latencies }) =>
      latencies.map(({ kind, count, seconds }) => [
        title,
        kind,
        contender,
        String(count),
        ...seconds.map(each => spreadText(each)),
      ]),
    )
  return markdownTable(['scenario', 'kind', 'system', 'jobs', 'p50, s', 'p95, s', 'p99, s'], rows)
}
