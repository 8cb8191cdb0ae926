import sharp from 'sharp'
import type { RenderJob } from '../../protocol.ts'
import type { Rect } from './canvas.ts'
import type { Reference } from './reference.ts'
import { rasterise, type Sprite } from './sprite.ts'
import { type TextStyle, textPath, textWidth } from './text.ts'

/** Small framed copies of the references with their roles, in the upper right corner of the stage. */
export async function createInsets(
  job: RenderJob,
  references: readonly Reference[],
  stage: Rect,
): Promise<Sprite[]> {
  const scale = Math.min((stage.width * 0.26) / job.width, (stage.height * 0.34) / job.height)
  const width = Math.round(job.width * scale)
  const height = Math.round(job.height * scale)
  const gap = Math.round(Math.min(stage.width, stage.height) * 0.03)
  return await Promise.all(
    references.map((reference, index) => {
      const fromRight = (references.length - index) * (width + gap)
      const rect = { left: stage.left + stage.width - fromRight, top: gap, width, height }
      const text = [reference.role, reference.role === 'single' ? job.referenceType : null]
      return inset(reference, rect, text.filter(part => part !== null).join(' · '))
    }),
  )
}

async function inset({ picture }: Reference, rect: Rect, text: string): Promise<Sprite> {
  const { width, height } = rect
  const small = await sharp(picture.pixels, {
    raw: { width: picture.width, height: picture.height, channels: 3 },
  })
    .resize(width, height, { fit: 'fill' })
    .ensureAlpha()
    .raw()
    .toBuffer()
  const style: TextStyle = { sizePx: Math.max(11, Math.min(width * 0.13, 26)), weight: 600 }
  const band = Math.round(style.sizePx * 1.6)
  const x = Math.max(4, (width - textWidth(text, style)) / 2)
  const path = textPath(text, x, height - band * 0.34, style, width - 8)
  const over = await rasterise(
    `<rect y="${height - band}" width="${width}" height="${band}" fill="#0b0c10" fill-opacity="0.72"/>` +
      `<path fill="#fff" d="${path}"/>` +
      `<rect x="1" y="1" width="${width - 2}" height="${height - 2}" fill="none" stroke="#fff" stroke-width="2"/>`,
    rect,
  )
  const rgba = await sharp(small, { raw: { width, height, channels: 4 } })
    .composite([{ input: Buffer.from(over.rgba), raw: { width, height, channels: 4 } }])
    .raw()
    .toBuffer()
  return { ...rect, rgba }
}
