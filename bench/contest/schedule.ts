import type { ContestOptions } from './options.ts'
import { ALL_SCENARIOS } from './scenarios/all.ts'
import type { ContenderName, ScenarioName } from './scenarios/scenario.ts'

export interface PlannedRun {
  scenario: ScenarioName
  contender: ContenderName
  repeat: number
}

/** All runs: systems right after each other, and each time another one first, so that none has the machine's best hour. */
export function scheduleOf({
  scenarios,
  contenders,
  repeats,
}: Pick<ContestOptions, 'scenarios' | 'contenders' | 'repeats'>): PlannedRun[] {
  return Array.from({ length: repeats }, (_, index) => index + 1).flatMap(repeat =>
    scenarios.flatMap(scenario => {
      const own = ALL_SCENARIOS[scenario].contenders.filter(name => contenders.includes(name))
      const first = own.length === 0 ? 0 : (repeat - 1) % own.length
      return [...own.slice(first), ...own.slice(0, first)].map(contender => ({ scenario, contender, repeat }))
    }),
  )
}
