import type { Family } from '../jobs/jobTypes.ts'
import type { ReferenceMode, ReferenceType } from '../jobs/plan.ts'
import type { ModelId } from './models.ts'

/** What of a job decides its memory; the protocol's jobs are of this shape. */
export type MemoryJob =
  | { kind: 'enhance' }
  | {
      kind: 'render'
      family: Family
      images: number
      width: number
      height: number
      frames: number
      referenceMode: ReferenceMode
      referenceType: ReferenceType | null
    }
type Render = Extract<MemoryJob, { kind: 'render' }>

export interface MemoryNeeds {
  /** Jobs of one kind need the same working memory. */
  kindKey: string
  /** On the card as long as the job runs; a model that builds on another stands after it. */
  models: readonly string[]
  /** Models that are needed only until the text is encoded. */
  transient: readonly string[]
  /** Reserved beyond the weights at the worst moment, and while a transient model encodes the text. */
  workingMiB: number
  encodingMiB: number
  /** The same job drawn in parts, one after the other, for a card that does not hold it at once: the largest parts first. */
  inParts?: readonly MemoryNeeds[]
}

/** How this installation renders. */
export interface Installed {
  /** The weights of the IP-Adapter are there; without them SDXL's references become image-to-image. */
  ipAdapter: boolean
  /** WAN jobs are rendered by a command line, a process per job. */
  wanByCommand: boolean
}

/**
 * SDXL, 1024², 4 images with VAE slicing: peak 15.4 GB less 6.94 of weights is 8,068 MiB. How it divides is an estimate. The
 * program reckons with the same figures (`sdxl/batches.py`) how many images it draws at once.
 */
const SDXL_FIXED_MIB = 2500
const SDXL_IMAGE_MIB = (8068 - SDXL_FIXED_MIB) / 4
/** Decoding one image after the other, in fp32: 256 channels of full size three times over, and 1,000 of cuDNN's; calculated. */
const SDXL_DECODE_MIB = 4700
const SDXL_PIXELS = 1024 * 1024

/** Estimates of what a step takes. */
const WAN_FIXED_MIB = 1000
const WAN_VIDEO_MIB = 5000
/**
 * Decoding 480×832 in fp32, calculated from diffusers' AutoencoderKLWan and rounded up; the official program's peak is published
 * as 8.19 GB, 7,811 MiB. A video's four frames at a time: what the layers keep of those before 3,602, the last block 3,223, the
 * video itself 370, and 1,470 of cuDNN's. It does not grow with the frames. One image: 3,230 by the same way.
 */
const WAN_DECODE_MIB = { video: 8400, image: 3300 }
const WAN_PIXELS = 480 * 832
/** VACE keeps a hint of every second block while a step runs: 15 × 32,760 × 1536 in bf16, calculated. */
const VACE_HINTS_MIB = 1440
const VIDEO_TOKENS = 21 * 30 * 52
const TEXT_ENCODING_MIB = 512

/** Estimate: keys and values of a few thousand tokens, and the logits of a prompt. */
const ENHANCE_MIB = 1024
/** A process of its own: it peaks at 17.6 GB or more by calculation; context and decoding on top are an estimate. */
const WAN_COMMAND_MIB = 18_500

/** Models and working memory of a job, in MiB. A table to begin with: what the program reports corrects it. */
export function needsOf(job: MemoryJob, installed: Installed): MemoryNeeds {
  if (job.kind === 'enhance') return needs('enhance', ['prompt_enhancer'], ENHANCE_MIB)
  if (job.family === 'sdxl') return sdxlNeeds(job, installed)
  return installed.wanByCommand ? needs('wan command', [], WAN_COMMAND_MIB) : wanNeeds(job)
}

function sdxlNeeds(job: Render, { ipAdapter }: Installed): MemoryNeeds {
  const { images, width, height, referenceMode, referenceType } = job
  const reference = referenceMode === 'none' ? 'text' : ipAdapter && referenceType ? 'ip-adapter' : 'img2img'
  const models: ModelId[] =
    reference === 'ip-adapter' ? ['lustify_sdxl', 'sdxl_ip_adapter'] : ['lustify_sdxl']
  const scale = (width * height) / SDXL_PIXELS
  const atOnce = (count: number) => {
    const workingMiB = scale * Math.max(SDXL_FIXED_MIB + count * SDXL_IMAGE_MIB, SDXL_DECODE_MIB)
    return needs(`sdxl ${reference} ${count}x${width}x${height}`, models, workingMiB)
  }
  return { ...atOnce(images), inParts: sizesOfParts(images).map(atOnce) }
}

/** As the program divides a batch: into as few parts as there is room for, of one size as far as they go. */
function sizesOfParts(images: number): number[] {
  const sizes = Array.from({ length: images - 1 }, (_, i) => Math.ceil(images / (i + 2)))
  return [...new Set(sizes)]
}

function wanNeeds({ width, height, frames, referenceMode }: Render): MemoryNeeds {
  const vace = referenceMode !== 'none'
  // A single reference is a latent frame more.
  const latentFrames = Math.floor((frames - 1) / 4) + 1 + (referenceMode === 'single' ? 1 : 0)
  const scale = (latentFrames * (width / 16) * (height / 16)) / VIDEO_TOKENS
  const stepMiB = WAN_FIXED_MIB + scale * (WAN_VIDEO_MIB + (vace ? VACE_HINTS_MIB : 0))
  const decodeMiB = WAN_DECODE_MIB[frames > 1 ? 'video' : 'image'] * ((width * height) / WAN_PIXELS)
  const key = `wan ${referenceMode} ${frames}x${width}x${height}`
  return needs(key, ['wan_2_1_1_3b'], Math.max(stepMiB, decodeMiB), ['umt5_xxl'])
}

function needs(
  kindKey: string,
  models: ModelId[],
  workingMiB: number,
  transient: ModelId[] = [],
): MemoryNeeds {
  const encodingMiB = transient.length === 0 ? 0 : TEXT_ENCODING_MIB
  return { kindKey, models, transient, workingMiB: Math.ceil(workingMiB), encodingMiB }
}
