import type { OverheadFigures } from '../../overheadFigures.ts'
import type { PriceFigures } from '../../priceFigures.ts'
import type { ScaleFigures } from '../../scale/scaleFigures.ts'
import { machineText } from './machine.ts'
import { markdownTable } from './markdownTable.ts'
import { overheadTable, priceTable, proofGoalRows, scaleTable } from './proofTables.ts'
import type { Results } from './results.ts'
import { GOAL_HEAD, goalRows, latencyTable, makespanTable } from './tables.ts'

export interface AllFigures {
  contest: Results | null
  overhead: OverheadFigures | null
  scale: ScaleFigures | null
  price: PriceFigures | null
}

/** What docs/benchmarks.md shows between its marks: tables, and the plots that there are. */
export function figuresText(figures: AllFigures, plots: readonly string[]): string {
  const { contest, overhead, scale, price } = figures
  const plot = (name: string, alt: string) => (plots.includes(name) ? [`![${alt}](benchmarks/${name})`] : [])
  const goals = [...(contest === null ? [] : goalRows(contest.goals)), ...proofGoalRows(figures)]
  return [
    ...(contest === null ? [] : [measuredText(contest)]),
    ...['## Goals and what was measured', markdownTable(GOAL_HEAD, goals)],
    ...(contest === null
      ? []
      : [
          '## Makespan and idle gap',
          ...plot('makespan.svg', 'Makespan of each backlog by system'),
          ...plot('idle-gap.svg', 'Idle gap of each backlog by system'),
          makespanTable(contest),
          '## Latency',
          ...plot('latency-among-videos.svg', 'Latency of images while videos queue'),
          ...plot('latency-poisson.svg', 'Latency at Poisson arrivals'),
          latencyTable(contest),
          '## Users beside each other',
          ...plot('users.svg', 'GPU seconds of two users over time'),
        ]),
    ...(overhead === null
      ? []
      : [
          '## Where the overhead of a job goes',
          `${dateText(overhead)} ${overhead.jobs} SDXL images, one at a time, the preview engine as fast as it can. The three largest legs are bold.`,
          overheadTable(overhead),
        ]),
    ...(scale === null
      ? []
      : [
          '## Waiting jobs',
          ...plot('scale.svg', 'Figures at 10,000 waiting jobs against 100'),
          dateText(scale),
          scaleTable(scale),
        ]),
    ...(price === null
      ? []
      : [
          '## The price of encryption and metrics',
          `${dateText(price)} ${price.repeats} × ${price.jobsEach} jobs of each setting, by turns.`,
          priceTable(price),
        ]),
  ].join('\n\n')
}

function measuredText({ machine, measuredOn, scale, figures }: Results): string {
  const repeats = Math.max(...figures.map(each => each.repeats))
  return (
    `Measured on ${measuredOn}, all costs and latencies at ${scale} of their real time, ${repeats} ${repeats === 1 ? 'repeat' : 'repeats'}; ${machineText(machine)}. ` +
    'Times are converted back to real ones. Of several repeats: the median, and in brackets the least and the most.'
  )
}

const dateText = ({ measuredOn }: { measuredOn: string }) => `Measured on ${measuredOn.slice(0, 10)}.`
