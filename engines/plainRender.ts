import type { RenderJob } from './protocol.ts'

const MODELS = {
  sdxl: { type: 'sdxl_image_fast', family: 'sdxl', model: 'lustify_sdxl' },
  wan: { type: 'video_fast', family: 'wan', model: 'wan_2_1_1_3b' },
} as const satisfies Record<RenderJob['family'], Pick<RenderJob, 'type' | 'family' | 'model'>>

/** A render for nobody, to warm up or to measure: everything that its size and steps leave open. */
export function plainRender(
  family: RenderJob['family'],
  size: Pick<RenderJob, 'width' | 'height' | 'frames' | 'steps'>,
): RenderJob {
  return {
    kind: 'render',
    ...MODELS[family],
    prompt: 'a lighthouse at dusk',
    negativePrompt: 'blurry',
    guidance: 6,
    solver: 'unipc',
    shift: 5,
    images: 1,
    fps: 16,
    seed: 42,
    referenceMode: 'none',
    references: [],
    referenceStrength: null,
    referenceType: null,
    expectedSeconds: 1,
    simulate: null,
    ...size,
  }
}
