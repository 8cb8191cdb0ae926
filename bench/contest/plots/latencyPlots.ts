import type { RenderLane } from '../../../jobs/jobTypes.ts'
import { latencySeconds } from '../figures/latency.ts'
import type { Checkpoint } from '../report/checkpoints.ts'
import { CONTENDERS, type ScenarioName } from '../scenarios/scenario.ts'
import { LOOKS } from './drawing.ts'
import { type Line, type Panel, panelsSvg } from './panels.ts'

const SUBTITLE =
  'Part of the jobs that were done within so long after submission, all repeats together. Further left is better.'
const AXES = {
  x: { name: 'latency, s (real time, logarithmic)', logarithmic: true },
  y: { name: 'part of the jobs, %', max: 100 },
}
const IDLE = { name: 'ours, card idle', colour: '#555555', dash: 'dotted' } as const

/** Images while videos wait or run, beside the same on an idle card. */
export function amongVideosSvg(runs: readonly Checkpoint[]): string {
  const panel = (title: string, kind: RenderLane, key: 'wan-images' | 'sdxl-images'): Panel => ({
    title,
    lines: [
      ...linesOf(runs, `${key}-among-videos`, kind),
      { ...IDLE, steps: true, points: distribution(runs, `${key}-idle`, kind, 'ours') },
    ].filter(({ points }) => points.length > 0),
  })
  return panelsSvg({
    title: 'Latency of images while videos queue',
    subtitle: SUBTITLE,
    columns: 2,
    ...AXES,
    panels: [panel('WAN images', 'wan.image', 'wan-images'), panel('SDXL images', 'sdxl', 'sdxl-images')],
  })
}

export function poissonSvg(runs: readonly Checkpoint[]): string {
  const kinds = [
    ['sdxl', 'SDXL images'],
    ['wan.image', 'WAN images'],
    ['wan.video', 'videos'],
  ] as const
  return panelsSvg({
    title: 'Latency at Poisson arrivals',
    subtitle: SUBTITLE,
    columns: 3,
    ...AXES,
    panels: ([70, 90] as const).flatMap(percent =>
      kinds.map(([kind, name]) => ({
        title: `${name}, ${percent} % of the card`,
        lines: linesOf(runs, `poisson-${percent}`, kind),
      })),
    ),
  })
}

function linesOf(runs: readonly Checkpoint[], scenario: ScenarioName, kind: RenderLane): Line[] {
  return CONTENDERS.flatMap(name => {
    const points = distribution(runs, scenario, kind, name)
    return points.length === 0 ? [] : [{ name, steps: true, points, ...LOOKS[name] }]
  })
}

/** Part of the jobs that were done by then; it does not reach 100 where some never were. */
function distribution(
  runs: readonly Checkpoint[],
  scenario: ScenarioName,
  kind: RenderLane,
  contender: Checkpoint['contender'],
): [number, number][] {
  const records = runs.flatMap(run =>
    run.scenario === scenario && run.contender === contender ? [run.record] : [],
  )
  const sorted = latencySeconds(records, kind).toSorted((a, b) => a - b)
  const reached = sorted.map((seconds, index): [number, number] => [
    seconds,
    ((index + 1) / sorted.length) * 100,
  ])
  return reached.filter(([seconds]) => Number.isFinite(seconds))
}
