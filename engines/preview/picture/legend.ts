import type { RenderJob } from '../../protocol.ts'
import type { Rect } from './canvas.ts'
import { type LegendColour, layOutLegend, type Mark } from './legendLayout.ts'
import { mix, type Palette, type Rgb } from './palette.ts'
import { rasterise, type Sprite } from './sprite.ts'

export interface Legend {
  /** The part of the picture that the legend leaves free. */
  stage: Rect
  /** Where the time bar of a video goes; null for an image. */
  timeline: Rect | null
  rasterise(palette: Palette): Promise<Sprite>
}

/**
 * The panel with the job's parameters: below the picture, or to the left of a wide one. Its text is drawn as outlines
 * of the program's own font, so it looks the same on a machine without fonts.
 */
export function createLegend(job: RenderJob, seed: number, lowMemory = false): Legend {
  const wide = job.width / job.height >= 1.3
  const margin = Math.round(Math.min(job.width, job.height) * 0.022)
  const width = wide ? Math.round(job.width * 0.43) : job.width - 2 * margin
  const { marks, height, timeline, sizeOf } = layOutLegend(job, seed, width, lowMemory)
  const rect: Rect = { left: margin, top: Math.max(0, job.height - margin - height), width, height }
  return {
    stage: wide
      ? {
          left: margin + width,
          top: 0,
          width: job.width - width - margin,
          height: Math.round(job.height * 0.94),
        }
      : { left: 0, top: 0, width: job.width, height: Math.max(Math.round(job.height * 0.3), rect.top) },
    timeline: timeline && { ...timeline, left: rect.left + timeline.left, top: rect.top + timeline.top },
    rasterise: palette => rasterise(panel(marks, rect, sizeOf(16), palette), rect),
  }
}

function panel(marks: readonly Mark[], { width, height }: Rect, radius: number, palette: Palette): string {
  const ground = mix(palette.near, [6, 7, 10], 0.55)
  const colours: Record<LegendColour, string> = {
    title: '#ffffff',
    value: '#ffffff',
    label: css(accentOf(palette)),
    quiet: '#c9cdd4',
  }
  const paths = Object.entries(colours).map(([colour, fill]) => {
    const data = marks.filter(mark => mark.colour === colour).map(mark => mark.path)
    return `<path fill="${fill}" d="${data.join('')}"/>`
  })
  return (
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="${radius.toFixed(1)}" ` +
    `fill="${css(ground)}" fill-opacity="0.8" stroke="#ffffff" stroke-opacity="0.16"/>${paths.join('')}`
  )
}

/** A light tone of the palette that reads well on the panel. */
export function accentOf({ sky, sun }: Palette): Rgb {
  return mix(mix(sky[2], sky[3], 0.5), sun, 0.25)
}

function css(colour: Rgb): string {
  return `rgb(${colour.map(Math.round).join(',')})`
}
