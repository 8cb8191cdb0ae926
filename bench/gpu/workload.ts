import { plainRender } from '../../engines/plainRender.ts'
import type { RenderJob } from '../../engines/protocol.ts'

export interface Workload {
  image: { width: number; height: number }
  video: { width: number; height: number; frames: number }
  /** A rate is what the long run has more than the short one: text, VAE and the way to the card and back fall out of it. */
  sdxlSteps: { short: number; long: number }
  wanSteps: { short: number; long: number }
  /** Steps of an image, of the video that images cut into, and of those images. */
  imageSteps: number
  videoSteps: number
  cuttingSteps: number
  /** Between two images that cut in, at random. */
  pauseMs: { least: number; most: number }
  repeats: number
  /** No run of one job takes so long. */
  jobLimitMs: number
}

/** The contract's sizes, and as many steps as a steady rate needs. Minutes on an H100, more on an RTX 6000 Ada. */
const CARD: Workload = {
  image: { width: 1024, height: 1024 },
  video: { width: 480, height: 832, frames: 81 },
  sdxlSteps: { short: 4, long: 24 },
  wanSteps: { short: 1, long: 5 },
  imageSteps: 15,
  videoSteps: 25,
  cuttingSteps: 4,
  pauseMs: { least: 50, most: 500 },
  repeats: 3,
  jobLimitMs: 20 * 60_000,
}

/** Of tiny models: a second or two each, which is long beside what else the machine does. */
const CPU: Workload = {
  image: { width: 64, height: 64 },
  video: { width: 64, height: 32, frames: 81 },
  sdxlSteps: { short: 2, long: 102 },
  wanSteps: { short: 1, long: 151 },
  imageSteps: 15,
  videoSteps: 400,
  cuttingSteps: 2,
  pauseMs: { least: 10, most: 100 },
  repeats: 7,
  jobLimitMs: 3 * 60_000,
}

const STRENGTH = 0.85

export function workloadFor(device: 'cuda' | 'cpu', repeats: number | null): Workload {
  const workload = device === 'cuda' ? CARD : CPU
  return { ...workload, repeats: repeats ?? workload.repeats }
}

export function sdxlImages({ image }: Workload, images: number, steps: number): RenderJob {
  return { ...plainRender('sdxl', { ...image, frames: 1, steps }), images }
}

/** null: image to image, as where no adapter is installed. */
export type ImageReference = RenderJob['referenceType']
export type VideoReference = Exclude<RenderJob['referenceMode'], 'none'>

export function referringImages(
  workload: Workload,
  { images, steps, type, picture }: { images: number; steps: number; type: ImageReference; picture: string },
): RenderJob {
  return {
    ...sdxlImages(workload, images, steps),
    ...{ referenceMode: 'single', referenceType: type, referenceStrength: STRENGTH },
    references: [{ role: 'single', path: picture }],
  }
}

export function wanVideo({ video }: Workload, steps: number): RenderJob {
  return plainRender('wan', { ...video, steps })
}

/** With the same picture in every place. */
export function referringVideo(
  workload: Workload,
  { steps, mode, picture }: { steps: number; mode: VideoReference; picture: string },
): RenderJob {
  const roles = mode === 'both' ? (['start', 'end'] as const) : ([mode] as const)
  return {
    ...wanVideo(workload, steps),
    ...{ referenceMode: mode, referenceStrength: STRENGTH },
    references: roles.map(role => ({ role, path: picture })),
  }
}

export function wanImage(workload: Workload, steps: number): RenderJob {
  return { ...wanVideo(workload, steps), type: 'image_fast', frames: 1 }
}
