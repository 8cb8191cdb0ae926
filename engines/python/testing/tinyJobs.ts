import type { EnhanceJob, RenderJob } from '../../protocol.ts'

/** A render that tiny SDXL takes half a second for. */
export const tinyImage: RenderJob = {
  kind: 'render',
  type: 'sdxl_image_fast',
  family: 'sdxl',
  model: 'lustify_sdxl',
  prompt: 'a lighthouse at dusk',
  negativePrompt: 'blurry',
  steps: 4,
  guidance: 6,
  solver: 'unipc',
  shift: 5,
  width: 64,
  height: 64,
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

/** A video of 17 frames by tiny WAN. */
export const tinyVideo: RenderJob = {
  ...tinyImage,
  type: 'video_fast',
  family: 'wan',
  model: 'wan_2_1_1_3b',
  prompt: 'a red bicycle leaning on a wall',
  negativePrompt: '',
  steps: 3,
  guidance: 6.5,
  width: 64,
  height: 32,
  frames: 17,
  expectedSeconds: 135,
}

export const tinyEnhance: EnhanceJob = {
  kind: 'enhance',
  prompt: 'a paper boat',
  medium: 'video',
  expectedSeconds: 60,
  simulate: null,
}
