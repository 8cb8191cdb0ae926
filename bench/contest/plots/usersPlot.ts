import type { RunRecord } from '../contract.ts'
import type { Checkpoint } from '../report/checkpoints.ts'
import { CONTENDERS } from '../scenarios/scenario.ts'
import { type Line, panelsSvg } from './panels.ts'

const USERS = [
  { name: 'the flood', colour: '#D55E00', dash: 'solid' },
  { name: 'single jobs', colour: '#0072B2', dash: 'dashed' },
] as const

/** GPU seconds that each user had had by then, in the first repeat. */
export function usersSvg(runs: readonly Checkpoint[]): string {
  const first = runs.filter(({ scenario, repeat }) => scenario === 'flood' && repeat === 1)
  return panelsSvg({
    title: 'One user’s flood beside another’s single jobs',
    subtitle:
      'GPU seconds that each of them had had by then, first repeat. While both wait, both should climb alike.',
    columns: 3,
    x: { name: 'since the start, s (real time)' },
    y: { name: 'GPU seconds' },
    panels: CONTENDERS.flatMap(contender => {
      const run = first.find(each => each.contender === contender)
      return run === undefined ? [] : [{ title: contender, lines: linesOf(run.record) }]
    }),
  })
}

function linesOf(record: RunRecord): Line[] {
  const startMs = Math.min(...record.jobs.map(({ submittedAtMs }) => submittedAtMs))
  // The flood comes first, all at once.
  const users = [...new Set(record.jobs.map(({ job }) => job.userId))]
  const real = (ms: number) => (ms - startMs) / record.scale / 1000
  return USERS.flatMap((look, index) => {
    const ids = new Set(record.jobs.flatMap(({ job }) => (job.userId === users[index] ? [job.id] : [])))
    let seconds = 0
    const points: [number, number][] = [[0, 0]]
    for (const { fromMs, toMs, computedMs } of record.card.filter(({ jobId }) => ids.has(jobId))) {
      points.push([real(fromMs), seconds])
      seconds += computedMs / record.scale / 1000
      points.push([real(toMs), seconds])
    }
    return [{ ...look, points }]
  })
}
