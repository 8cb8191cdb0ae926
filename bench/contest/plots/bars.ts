import type { BarSeriesOption, CustomSeriesOption, EChartsOption } from 'echarts'
import type { Spread } from '../figures/spread.ts'
import type { ContenderFigures } from '../report/results.ts'
import { CONTENDERS, type ContenderName } from '../scenarios/scenario.ts'
import { AXIS_NAME, drawSvg, GRID_LINE, heading, LOOKS, TEXT } from './drawing.ts'

interface Bars {
  title: string
  subtitle: string
  /** Of the axis, with its unit. */
  measure: string
  text: (value: number) => string
  figures: readonly ContenderFigures[]
  value: (figures: ContenderFigures) => Spread
  logarithmic?: boolean
  /** Drawn across, with its name. */
  line?: { value: number; name: string }
}

/** A group of bars for each scenario, one for each system; whiskers from the least to the most of the repeats. */
export function barsSvg(bars: Bars): string {
  const { title, subtitle, measure, figures, logarithmic = false } = bars
  const scenarios = [...new Set(figures.map(each => each.title))]
  const systems = CONTENDERS.filter(name => figures.some(({ contender }) => contender === name))
  const option: EChartsOption = {
    title: heading(title, subtitle),
    legend: { data: [...systems], top: 54, left: 12, textStyle: TEXT },
    grid: { left: 70, right: 24, top: 100, bottom: 40 },
    xAxis: { type: 'category', data: scenarios, axisLabel: { ...TEXT, interval: 0 } },
    yAxis: {
      ...{ type: logarithmic ? 'log' : 'value', name: measure, nameGap: 48, ...AXIS_NAME },
      splitLine: GRID_LINE,
    },
    series: systems.flatMap((system, index) => [
      barOf(bars, system, scenarios, index === 0),
      whiskersOf(bars, system, scenarios, index - (systems.length - 1) / 2, systems.length),
    ]),
  }
  return drawSvg(option, { width: 760, height: 400 })
}

const GAP_PARTS = { bar: 0.7, between: 0.1 }

function find({ figures }: Bars, system: ContenderName, title: string): ContenderFigures | undefined {
  return figures.find(each => each.contender === system && each.title === title)
}

function barOf(bars: Bars, system: ContenderName, scenarios: string[], withLine: boolean): BarSeriesOption {
  const { line } = bars
  return {
    type: 'bar',
    name: system,
    itemStyle: { color: LOOKS[system].colour },
    barGap: `${GAP_PARTS.between * 100}%`,
    barCategoryGap: `${(1 - GAP_PARTS.bar) * 100}%`,
    data: scenarios.map(title => {
      const own = find(bars, system, title)
      return own === undefined ? '-' : bars.value(own).median
    }),
    label: {
      ...{ show: true, position: 'top', distance: 12, ...TEXT, fontSize: 11 },
      formatter: ({ value }) => (typeof value === 'number' ? bars.text(value) : ''),
    },
    ...(withLine && line !== undefined
      ? {
          markLine: {
            symbol: 'none',
            data: [{ yAxis: line.value, name: line.name }],
            lineStyle: { color: '#222', type: 'dashed' },
            label: { formatter: line.name, position: 'insideEndTop', ...TEXT, fontSize: 11 },
          },
        }
      : {}),
  }
}

/** Where echarts puts the bars of a group, computed once more: a whisker is no part of a bar there. */
function whiskersOf(
  bars: Bars,
  system: ContenderName,
  scenarios: string[],
  place: number,
  count: number,
): CustomSeriesOption {
  const rows = scenarios.flatMap((title, index) => {
    const own = find(bars, system, title)
    if (own === undefined) return []
    const { min, max } = bars.value(own)
    return [[index, min, max]]
  })
  return {
    type: 'custom',
    z: 5,
    data: rows,
    silent: true,
    renderItem(_, api) {
      const at = (which: number) => api.coord([api.value(0), api.value(which)])
      const size = api.size?.([1, 0])
      const groupWidth = (Array.isArray(size) ? (size[0] ?? 0) : 0) * GAP_PARTS.bar
      const barWidth = groupWidth / (count + (count - 1) * GAP_PARTS.between)
      const shift = place * barWidth * (1 + GAP_PARTS.between)
      const [x = 0, low = 0] = at(1)
      const high = at(2)[1] ?? low
      const style = { stroke: '#222', lineWidth: 1.2 }
      const stroke = (x1: number, y1: number, x2: number, y2: number) => ({
        type: 'line' as const,
        shape: { x1, y1, x2, y2 },
        style,
      })
      const middle = x + shift
      return {
        type: 'group',
        children: [
          stroke(middle, low, middle, high),
          stroke(middle - 5, low, middle + 5, low),
          stroke(middle - 5, high, middle + 5, high),
        ],
      }
    },
  }
}
