import type { EChartsOption } from 'echarts'
import { AXIS_NAME, drawSvg, GRID_LINE, heading, TEXT } from '../contest/plots/drawing.ts'
import { digits } from '../contest/report/numbers.ts'
import { FLAT, type ScaleFigures, scaleRows } from './scaleFigures.ts'

/** Every figure at the greater depth, as a part of what it is at the smaller. */
export function scaleSvg(figures: ScaleFigures): string {
  const rows = scaleRows(figures).toReversed()
  const [few, many] = [figures.few.waiting, figures.many.waiting].map(count => count.toLocaleString('en'))
  const option: EChartsOption = {
    title: heading(
      `${many} waiting jobs against ${few}`,
      `Each figure at ${many} ÷ at ${few}; within the grey band it is flat (± ${FLAT * 100} %).`,
    ),
    grid: { left: 240, right: 190, top: 76, bottom: 52 },
    xAxis: { type: 'value', min: 0, name: 'ratio', nameGap: 26, ...AXIS_NAME, splitLine: GRID_LINE },
    yAxis: { type: 'category', data: rows.map(({ name }) => name), axisLabel: { ...TEXT, fontSize: 12 } },
    series: [
      {
        type: 'bar',
        barWidth: 18,
        data: rows.map(({ ratio, verdict }) => ({
          value: ratio,
          itemStyle: { color: verdict === 'met' ? '#009E73' : '#D55E00' },
        })),
        label: {
          ...{ show: true, position: 'right', ...TEXT, fontSize: 11 },
          formatter({ dataIndex }) {
            const row = rows[dataIndex]
            return row === undefined ? '' : `${digits(row.few)} → ${digits(row.many)} ${row.unit}`
          },
        },
        markArea: {
          silent: true,
          itemStyle: { color: 'rgba(0, 0, 0, 0.08)' },
          data: [[{ xAxis: 1 - FLAT }, { xAxis: 1 + FLAT }]],
        },
      },
    ],
  }
  return drawSvg(option, { width: 820, height: 340 })
}
