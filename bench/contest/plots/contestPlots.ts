import type { Checkpoint } from '../report/checkpoints.ts'
import { digits, percent } from '../report/numbers.ts'
import type { Results } from '../report/results.ts'
import { barsSvg } from './bars.ts'
import { amongVideosSvg, poissonSvg } from './latencyPlots.ts'
import { usersSvg } from './usersPlot.ts'

/** The pictures of what was measured, by file name. */
export function contestPlots(runs: readonly Checkpoint[], results: Results): Map<string, string> {
  const backlogs = results.figures.filter(({ scenario }) => scenario.startsWith('backlog'))
  const has = (...scenarios: string[]) => runs.some(({ scenario }) => scenarios.includes(scenario))
  const plots = new Map<string, string>()
  if (backlogs.length > 0) {
    plots.set(
      'makespan.svg',
      barsSvg({
        title: 'Makespan of a backlog',
        subtitle:
          'From the first submission to the last terminal callback. Median, least and most of the repeats; less is better.',
        measure: 'makespan, s (real time)',
        text: digits,
        figures: backlogs,
        value: each => each.makespanSeconds,
      }),
    )
    plots.set(
      'idle-gap.svg',
      barsSvg({
        title: 'Idle gap of a backlog',
        subtitle:
          'Time in which the card computed nothing though jobs waited, as part of all compute; less is better.',
        measure: 'idle gap ÷ compute (logarithmic)',
        text: percent,
        figures: backlogs,
        value: each => each.idleGap,
        logarithmic: true,
        line: { value: 0.01, name: 'goal: 1 %' },
      }),
    )
  }
  if (has('wan-images-among-videos', 'sdxl-images-among-videos')) {
    plots.set('latency-among-videos.svg', amongVideosSvg(runs))
  }
  if (has('poisson-70', 'poisson-90')) plots.set('latency-poisson.svg', poissonSvg(runs))
  if (has('flood')) plots.set('users.svg', usersSvg(runs))
  return plots
}
