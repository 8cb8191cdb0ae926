import { type EChartsOption, init, type TitleComponentOption } from 'echarts'
import type { ContenderName } from '../scenarios/scenario.ts'

/** Okabe and Ito's colours, which people tell apart whatever their eyes; dashes say it once more. */
export const LOOKS: Record<ContenderName, { colour: string; dash: 'solid' | 'dashed' | 'dotted' }> = {
  'loop warm': { colour: '#E69F00', dash: 'dashed' },
  'loop cold': { colour: '#D55E00', dash: 'dashed' },
  bullmq: { colour: '#0072B2', dash: 'dotted' },
  ours: { colour: '#009E73', dash: 'solid' },
}

export const TEXT = { fontFamily: 'IBM Plex Sans, Helvetica, Arial, sans-serif', color: '#222' } as const
export const AXIS_NAME = { nameLocation: 'middle', nameTextStyle: { ...TEXT, fontSize: 12 } } as const
export const GRID_LINE = { show: true, lineStyle: { color: '#ddd' } } as const

/** The picture as SVG text, without a browser and always the same for the same figures. */
export function drawSvg(option: EChartsOption, size: { width: number; height: number }): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  try {
    chart.setOption({ animation: false, backgroundColor: '#fff', textStyle: TEXT, ...option })
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

export function heading(text: string, subtext: string): TitleComponentOption {
  return {
    ...{ text, subtext, left: 12, top: 8 },
    textStyle: { ...TEXT, fontSize: 15, fontWeight: 600 },
    subtextStyle: { ...TEXT, fontSize: 11, color: '#555' },
  }
}
