import type { FailureCode } from './failures.ts'
import type { ReferenceMode } from './plan.ts'

/**
 * What we say of a job in a callback's metadata, and nobody else: a producer's key of such a name does not travel back. What is
 * null is not told.
 */
export interface OurMetadata {
  /** Of the payload, as they came. */
  video_id?: string | null
  image_id?: string | null
  character_id?: string | null
  project_id?: string | null
  /** The payload's, or the one that was chosen. Image i is drawn with seed + i. */
  seed?: number | null
  num_images?: number
  /** Seconds; the payload's own figure where it has one. */
  expected_time?: number
  /** Of WAN: what was asked for, and what was made. */
  requested_frames?: number | null
  frames?: number | null
  reference_mode?: ReferenceMode
  /** References as the payload named them. */
  reference_image_url?: string | null
  start_reference_url?: string | null
  end_reference_url?: string | null
  /** 0.1 to 1. */
  reference_strength?: number | null
  reference_type?: string | null
  /** How the reference was honoured: `img2img`, `ip-adapter-style` and the like, `vace`. */
  reference_method?: string | null
  /** Why the job was rendered without its reference, as the producer allowed. */
  reference_dropped?: string | null
  /** Seconds on the card, the rewriting of the prompt included, waiting not; and that by `expected_time`. */
  generation_time?: number
  performance_ratio?: number
  /** GB, where there is a card. */
  vram_used_gb?: number
  vram_total_gb?: number
  /** vram_used_gb by vram_total_gb. */
  vram_utilization?: number
  /** Object paths or URLs, as `assets` are, and in their order. */
  thumbnails?: string[]
  /** Of enhanced types: whether the prompt was rewritten, or the original one used. */
  enhancement?: 'applied' | 'failed' | null
  /** ISO 8601. */
  completed_at?: string
  error_type?: FailureCode
  /** ISO 8601. */
  error_timestamp?: string
  worker_version?: string
}

const KEYS: Record<keyof OurMetadata, true> = {
  video_id: true,
  image_id: true,
  character_id: true,
  project_id: true,
  seed: true,
  num_images: true,
  expected_time: true,
  requested_frames: true,
  frames: true,
  reference_mode: true,
  reference_image_url: true,
  start_reference_url: true,
  end_reference_url: true,
  reference_strength: true,
  reference_type: true,
  reference_method: true,
  reference_dropped: true,
  generation_time: true,
  performance_ratio: true,
  vram_used_gb: true,
  vram_total_gb: true,
  vram_utilization: true,
  thumbnails: true,
  enhancement: true,
  completed_at: true,
  error_type: true,
  error_timestamp: true,
  worker_version: true,
}
export const METADATA_KEYS = Object.keys(KEYS)

/** A callback's metadata as it arrives: what we say of the job, and the payload's own keys that we do not know. */
export type CallbackMetadata = { [Key in keyof OurMetadata]: Exclude<OurMetadata[Key], null> } & {
  [key: string]: unknown
}
