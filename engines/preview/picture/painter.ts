import type { RenderJob } from '../../protocol.ts'
import { createDissolve, createGuide } from './blend.ts'
import { type Canvas, createCanvas } from './canvas.ts'
import { createInsets } from './insets.ts'
import { createLandscape } from './landscape.ts'
import { accentOf, createLegend } from './legend.ts'
import { cloudTexture } from './noise.ts'
import { choosePalette, leanTowards } from './palette.ts'
import { randomFrom } from './random.ts'
import type { Reference } from './reference.ts'
import { blend } from './sprite.ts'
import { createTimeline } from './timeline.ts'

/** Paints frame 0 to `job.frames` − 1; an image has one frame. */
export type PaintFrame = (frame: number) => Canvas

/** Frames over which the legend appears beside an exact start or end frame. */
const APPEARING = 6

/**
 * Prepares one picture or video of a job: everything that may wait happens here, painting a frame is pure computing.
 * The same job, seed and references give the same bytes, whatever else is drawn; `lowMemory` only shows in the legend.
 */
export async function createPainter(
  job: RenderJob,
  seed: number,
  references: readonly Reference[],
  lowMemory = false,
): Promise<PaintFrame> {
  const strength = job.referenceStrength ?? 1
  const start = job.frames > 1 ? references.find(({ role }) => role === 'start') : undefined
  const end = job.frames > 1 ? references.find(({ role }) => role === 'end') : undefined
  const guiding = references.find(reference => reference !== start && reference !== end)
  const chosen = choosePalette(randomFrom('palette', job.prompt), vividness(job.guidance))
  const leaning = guiding !== undefined && job.referenceType === 'style' ? 0.25 + 0.7 * strength : 0
  const palette = guiding === undefined ? chosen : leanTowards(chosen, guiding.colours, leaning)

  const legend = createLegend(job, seed, lowMemory)
  const { stage } = legend
  const landscape = createLandscape({ ...job, stage, palette, seed })
  const guide = guiding === undefined ? undefined : createGuide(guiding, job.referenceType, strength)
  const texture = cloudTexture(randomFrom('dissolve', job.prompt, seed))
  const fromStart = start && createDissolve(start, texture)
  const toEnd = end && createDissolve(end, texture)
  const overlays = [await legend.rasterise(palette), ...(await createInsets(job, references, stage))]
  const timeline = legend.timeline && (await createTimeline(legend.timeline, job.frames, accentOf(palette)))
  /** The part of the video in which a reference is still seen, at either end. */
  const fade = 0.22 + 0.24 * strength
  const last = job.frames - 1

  return frame => {
    const canvas = createCanvas(job.width, job.height)
    const exact = frame === 0 && start ? start : frame === last && end ? end : undefined
    if (exact !== undefined) {
      canvas.pixels.set(exact.picture.pixels)
      return canvas
    }
    const time = last === 0 ? 0.35 : frame / last
    landscape(canvas, time)
    guide?.(canvas)
    if (time < fade) fromStart?.(canvas, time / fade)
    if (1 - time < fade) toEnd?.(canvas, (1 - time) / fade)
    const sinceStart = start ? frame / APPEARING : 1
    const untilEnd = end ? (last - frame) / APPEARING : 1
    const opacity = Math.min(1, 0.2 + 0.8 * Math.min(sinceStart, untilEnd))
    for (const overlay of overlays) blend(canvas, overlay, opacity)
    timeline?.(canvas, frame, opacity)
    return canvas
  }
}

/** More guidance, stronger colours: 1 at the usual values. */
function vividness(guidance: number): number {
  return Math.min(1.25, Math.max(0.6, 0.65 + guidance * 0.05))
}
