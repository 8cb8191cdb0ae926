import type { EnhanceJob, RenderJob } from '../../protocol.ts'

/** A small SDXL image, quick to draw. */
export const imageJob: RenderJob = {
  kind: 'render',
  type: 'sdxl_image_fast',
  family: 'sdxl',
  model: 'lustify_sdxl',
  prompt: 'a lighthouse at dusk',
  negativePrompt: 'blurry, low quality',
  steps: 15,
  guidance: 6,
  solver: 'unipc',
  shift: 5,
  width: 512,
  height: 512,
  frames: 1,
  fps: 16,
  images: 1,
  seed: 42,
  referenceMode: 'none',
  references: [],
  referenceStrength: null,
  referenceType: null,
  expectedSeconds: 4,
  simulate: null,
}

export const videoJob: RenderJob = {
  ...imageJob,
  type: 'video_fast',
  family: 'wan',
  model: 'wan_2_1_1_3b',
  prompt: 'a red bicycle leaning on a wall',
  negativePrompt: '',
  steps: 25,
  width: 480,
  height: 832,
  frames: 81,
  expectedSeconds: 135,
}

export const enhanceJob: EnhanceJob = {
  kind: 'enhance',
  prompt: 'a paper boat',
  medium: 'video',
  expectedSeconds: 60,
  simulate: null,
}
