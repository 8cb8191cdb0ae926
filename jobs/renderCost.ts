import type { JobTypeRow } from './jobTypes.ts'
import type { ReferenceSource } from './plan.ts'

/** A forward of VACE against one of plain text-to-video (calculated). */
const VACE_COST = 1.51
/** The table's figures for SDXL are for pictures of this size. */
const SDXL_PIXELS = 1024 * 1024

export interface RenderShape {
  steps: number
  frames: number
  images: number
  width: number
  height: number
  sources: readonly ReferenceSource[]
}

/**
 * Seconds of the card that a render is expected to take and may take at most: the row's figures, scaled by what the job
 * asks for beyond its type's usual. The limit never falls below the row's.
 */
export function renderCost(row: JobTypeRow, shape: RenderShape) {
  const scale = (shape.steps / row.steps) * (row.family === 'sdxl' ? sdxlScale(shape) : wanScale(row, shape))
  return {
    expectedRenderSeconds: row.renderSeconds * shape.images * scale,
    cardSecondsLimit: Math.ceil(row.cardSecondsLimit * shape.images * Math.max(1, scale)),
  }
}

function sdxlScale({ width, height }: RenderShape): number {
  return (width * height) / SDXL_PIXELS
}

/** Cost follows the latent frames; each guiding picture is one more of them. */
function wanScale(row: JobTypeRow, { frames, sources }: RenderShape): number {
  const guiding = sources.filter(({ role }) => role === 'single').length
  const latents = latentFrames(frames) + guiding
  return (latents / latentFrames(row.frames)) * (sources.length > 0 ? VACE_COST : 1)
}

const latentFrames = (frames: number) => (frames - 1) / 4 + 1
