import type { EChartsOption, LineSeriesOption } from 'echarts'
import { AXIS_NAME, drawSvg, GRID_LINE, heading, TEXT } from './drawing.ts'

export interface Line {
  name: string
  colour: string
  dash: 'solid' | 'dashed' | 'dotted'
  points: (readonly [x: number, y: number])[]
  /** Whether it goes up in steps. */
  steps?: boolean
}

export interface Panel {
  title: string
  lines: Line[]
}

interface Panels {
  title: string
  subtitle: string
  columns: number
  x: { name: string; logarithmic?: boolean }
  y: { name: string; max?: number }
  panels: Panel[]
}

const PANEL = { width: 330, height: 210 }
const MARGIN = { left: 66, top: 112, right: 24, between: 78, below: 74 }

/** Small pictures side by side, all with the same kinds of axes and one legend. */
export function panelsSvg({ title, subtitle, columns, x, y, panels }: Panels): string {
  const rows = Math.ceil(panels.length / columns)
  const place = (index: number) => ({
    left: MARGIN.left + (index % columns) * (PANEL.width + MARGIN.between),
    top: MARGIN.top + Math.floor(index / columns) * (PANEL.height + MARGIN.below),
  })
  const lines = panels.flatMap(panel => panel.lines)
  const option: EChartsOption = {
    title: [heading(title, subtitle), ...panels.map((panel, index) => panelTitle(panel, place(index)))],
    legend: {
      ...{ data: [...new Set(lines.map(({ name }) => name))], top: 54, left: 12, textStyle: TEXT },
      itemWidth: 34,
    },
    grid: panels.map((_, index) => ({ ...place(index), ...PANEL })),
    xAxis: panels.map((_, gridIndex) => ({
      ...{ gridIndex, type: x.logarithmic ? 'log' : 'value', name: x.name, nameGap: 24, ...AXIS_NAME },
      splitLine: GRID_LINE,
    })),
    yAxis: panels.map((_, gridIndex) => ({
      ...{ gridIndex, type: 'value', name: y.name, nameGap: 42, ...AXIS_NAME, min: 0 },
      ...(y.max === undefined ? {} : { max: y.max }),
      splitLine: GRID_LINE,
    })),
    series: panels.flatMap((panel, index) => panel.lines.map(line => seriesOf(line, index))),
  }
  return drawSvg(option, {
    width: MARGIN.left + columns * PANEL.width + (columns - 1) * MARGIN.between + MARGIN.right,
    height: MARGIN.top + rows * (PANEL.height + MARGIN.below) - 24,
  })
}

function panelTitle({ title }: Panel, { left, top }: { left: number; top: number }) {
  return { text: title, left: left - 6, top: top - 26, textStyle: { ...TEXT, fontSize: 12, fontWeight: 600 } }
}

function seriesOf({ name, colour, dash, points, steps }: Line, index: number): LineSeriesOption {
  return {
    ...{ type: 'line', name, xAxisIndex: index, yAxisIndex: index, showSymbol: false },
    data: points.map(([x, y]) => [x, y]),
    ...(steps ? { step: 'end' } : {}),
    lineStyle: { color: colour, width: 2, type: dash },
    itemStyle: { color: colour },
  }
}
