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
}

/** How this installation renders. */
export interface Installed {
  /** The weights of the IP-Adapter are there; without them SDXL's references become image-to-image. */
  ipAdapter: boolean
  /** WAN jobs are rendered by a command line, a process per job. */
  wanByCommand: boolean
}

/**
 * Measured at 1024² on an H200 (docs/gpu-figures.md), rounded up: 4,203 to 4,223 for 1, 3 and 6 images, 4,394 with the larger
 * IP-Adapter. It is decoding, one image after the other, in fp32; a step of six takes no more.
 */
const SDXL_MIB = 4400
const SDXL_PIXELS = 1024 * 1024

/** Estimates of what a step takes: less than decoding, as long as a video is no longer than the contract's. */
const WAN_FIXED_MIB = 1000
const WAN_VIDEO_MIB = 5000
/**
 * Decoding 480×832 in fp32, measured on an H200 and rounded up: a video 11,023, with references 11,276 to 11,376; an image 3,465.
 * A video is decoded four frames at a time, so it hardly grows with them.
 */
const WAN_DECODE_MIB = { video: 11_400, image: 3500 }
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
  const workingMiB = SDXL_MIB * ((width * height) / SDXL_PIXELS)
  return needs(`sdxl ${reference} ${images}x${width}x${height}`, models, workingMiB)
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
