import { MODELS, type ModelId } from '../../gpu/models.ts'
import { type JobType, jobTypeRow } from '../../jobs/jobTypes.ts'
import { type RenderShape, renderCost } from '../../jobs/renderCost.ts'
import type { Work } from './work.ts'

/**
 * What everything costs, in real seconds of an RTX 6000 Ada and of a hosted Supabase, before the world's scale. Contract:
 * the producers' expected seconds. Estimates and calculations are named as such: they were set before a card could be had. Where there is more than one figure, the choice
 * and its reason stand beside it; a cold WAN job's start and loading are in the contract's figures, so they are taken out
 * of what the card computes.
 */
export const COSTS = {
  /** Start of a Python program with torch and diffusers: 7–13 s, the middle, measured on a CPU. */
  processStartSeconds: 10,
  /** Weights from page cache to card: an estimate of 6–9 s for the 17.5 GB of WAN, the middle. The best case for whoever loads often. */
  loadGigabytesPerSecond: 17.5 / 7.5,
  /** Rewriting a prompt: Qwen2.5-7B reads its 15.23 GB for each word; some 300 words at 960 GB/s. Calculated: the contract's 60 s are mostly loading. */
  enhanceSeconds: 5,
  /** Estimates: PIL's PNG of 1024², and H.264 of 81 small frames. Done after computing, on the CPU. */
  encodePngSeconds: 0.3,
  encodeMp4Seconds: 1.5,
  /** Longest between two places where our engine gives the card back: a WAN block takes 100–170 ms, calculated. */
  gateSeconds: 0.13,
  /** Upload of one object to a hosted store, 100–300 ms by the size that a real one has: 10 kB, 1.5 MB, 4 MB. Estimates. */
  uploadSeconds: { 'image/webp': 0.1, 'image/png': 0.2, 'video/mp4': 0.3 },
  /** Other requests to the store: a download of a reference. Estimate. */
  storeSeconds: 0.12,
  /** An edge function that writes to its database. Estimate: 150–300 ms, the middle. */
  receiverSeconds: 0.225,
  /** The loop's description pops and does not say how long it sleeps on an empty list: a second is what such loops have. */
  pollSeconds: 1,
} as const

/**
 * Seconds of the card for a usual render, everything loaded. SDXL, per image: the contract's, as its times for 3 and 6
 * images are 3 and 6 times those of one, so no loading is in them. WAN videos: the contract's less start and loading of
 * the cold process that it describes (10 + 7.5 s), 4.7 and 3.3 s a step, within the 3–7.5 s that a calculation gives. WAN images:
 * 2 s for 25 steps, calculated: one frame has a 21st of a video's tokens, and the contract's 25 s are its cold start.
 */
const RENDER_SECONDS: Record<JobType, number> = {
  sdxl_image_fast: 4,
  sdxl_image_high: 8,
  image_fast: 2,
  image_high: 4,
  video_fast: 117.5,
  video_high: 162.5,
  image7b_fast_enhanced: 2,
  image7b_high_enhanced: 4,
  video7b_fast_enhanced: 117.5,
  video7b_high_enhanced: 162.5,
}

/** The render alone: scaled by steps, size and frames, and by VACE (1.51 ×, calculated) where a picture guides WAN. */
export function renderSeconds(work: RenderShape & { type: JobType }): number {
  const row = { ...jobTypeRow(work.type), renderSeconds: RENDER_SECONDS[work.type] }
  return renderCost(row, work).expectedRenderSeconds
}

/** All that a job computes on the card, whoever runs it. */
export function computeSeconds(work: Work): number {
  return renderSeconds(work) + (work.enhance ? COSTS.enhanceSeconds : 0)
}

export function loadSeconds(models: readonly ModelId[]): number {
  const bytes = models.reduce((sum, model) => sum + MODELS[model].residentMiB * 2 ** 20, 0)
  return bytes / 1e9 / COSTS.loadGigabytesPerSecond
}

/** The models of each kind of job; WAN's in one process with its text encoder. */
export const SDXL_MODELS = ['lustify_sdxl'] as const
export const WAN_MODELS = ['wan_2_1_1_3b', 'umt5_xxl'] as const
export const ENHANCER_MODELS = ['prompt_enhancer'] as const

export function encodeSeconds({ frames, images }: Pick<RenderShape, 'frames' | 'images'>): number {
  return frames > 1 ? COSTS.encodeMp4Seconds : COSTS.encodePngSeconds * images
}
