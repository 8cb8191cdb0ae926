import type { RenderJob } from '../../protocol.ts'
import type { Rect } from './canvas.ts'
import { factsOf, fingerprintOf } from './facts.ts'
import { plainText, type TextStyle, textPath, textWidth, wrapText } from './text.ts'

export type LegendColour = 'title' | 'value' | 'label' | 'quiet'

export interface Mark {
  path: string
  colour: LegendColour
}

export interface LegendLayout {
  marks: Mark[]
  height: number
  /** Room for the time bar of a video. */
  timeline: Rect | null
  /** A size for a panel 1,000 pixels wide, as it is for this one: it shrinks more slowly than the panel does. */
  sizeOf: (pixels: number) => number
}

/** What a panel of this width says, where, and how high it becomes. Sizes are in pixels, from its upper left corner. */
export function layOutLegend(job: RenderJob, seed: number, width: number, lowMemory: boolean): LegendLayout {
  const scale = Math.min((width / 1000) ** 0.58, job.height / 900)
  const size = (pixels: number) => Math.max(10, pixels * scale)
  const padding = Math.round(size(26))
  const inner = width - 2 * padding
  const title: TextStyle = { sizePx: size(58), weight: 600 }
  const value: TextStyle = { sizePx: size(29), weight: 600 }
  const label: TextStyle = { sizePx: size(14.5), weight: 600, spacing: 0.08 }
  const marks: Mark[] = []
  const write = (colour: LegendColour, text: string, x: number, style: TextStyle, maxWidth: number) =>
    marks.push({ colour, path: textPath(text, padding + x, y, style, maxWidth) })

  const code = `#${fingerprintOf(job, seed)}`
  const codeWidth = textWidth(code, label)
  let y = padding + title.sizePx * 0.76
  write('title', plainText(job.type), 0, title, inner - codeWidth - size(20))
  write('quiet', code, inner - codeWidth, label, codeWidth)

  const columns = Math.max(3, Math.min(5, Math.floor(inner / (185 * scale))))
  const cell = inner / columns
  const rowHeight = label.sizePx + value.sizePx * 1.62
  y += size(30)
  for (const [index, fact] of factsOf(job, seed, lowMemory).entries()) {
    const x = (index % columns) * cell
    if (index > 0 && index % columns === 0) y += rowHeight
    const top = y
    y = top + label.sizePx
    write('label', fact.label, x, label, cell - size(10))
    y += value.sizePx * 1.02
    write('value', plainText(fact.value), x, value, cell - size(12))
    y = top
  }
  y += rowHeight + size(8)

  const paragraph = (name: string, text: string, style: TextStyle, colour: LegendColour, lines: number) => {
    y += label.sizePx
    write('label', name, 0, label, inner)
    for (const line of wrapText(plainText(text), style, inner, lines)) {
      y += style.sizePx * 1.28
      write(colour, line, 0, style, inner)
    }
    y += size(22)
  }
  paragraph(
    'PROMPT',
    job.prompt,
    { sizePx: size(27), weight: 400 },
    'title',
    job.height < 600 && width > 400 ? 2 : width < 600 ? 4 : 3,
  )
  if (job.negativePrompt !== '') {
    paragraph('NEGATIVE PROMPT', job.negativePrompt, { sizePx: size(20), weight: 400 }, 'quiet', 2)
  }
  if (job.frames === 1) {
    return { marks, height: Math.round(y + padding - size(14)), timeline: null, sizeOf: size }
  }
  const timeline = { left: padding, top: Math.round(y + size(4)), width: inner, height: Math.round(size(24)) }
  return { marks, height: timeline.top + timeline.height + padding, timeline, sizeOf: size }
}
