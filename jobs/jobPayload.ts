import type { JobType } from './jobTypes.ts'
import type { Solver } from './solvers.ts'

/**
 * A payload as a producer writes it: what every job has, and what may be in `config` and `metadata`. Any other key travels back in
 * the callback. Other spellings are read too (`spellings.ts`); this type has one of each.
 */
export interface JobPayload {
  /** A UUID: the job's id, under which it is one job however often it is submitted. */
  id: string
  /** A UUID: whose private objects a reference may name, and who shares the card fairly with others. */
  user_id: string
  type: JobType
  prompt: string
  negative_prompt?: string
  image_id?: string | null
  video_id?: string | null
  character_id?: string | null
  project_id?: string | null
  /** Of SDXL: compel's weights, appended to the prompt if they are enabled. */
  compel_enabled?: boolean
  compel_weights?: string
  /** One of the output buckets; the job type's own otherwise. */
  bucket?: string
  config?: JobConfig | null
  metadata?: JobMetadata | null
  [key: string]: unknown
}

interface JobConfig {
  /** Pixels: SDXL in multiples of 8 from 512 to 1536, WAN 480*832 or 832*480. */
  size?: `${number}*${number}`
  sample_steps?: number
  sample_guide_scale?: number
  sample_solver?: Solver
  /** Of WAN. */
  sample_shift?: number
  /** Of a WAN video: 5 to 84, of which 4n + 1 are made. */
  frame_num?: number
  /** Of SDXL: 1, 3 or 6. */
  num_images?: number
  seed?: number
  /** Seconds, only reported back. */
  expected_time?: number
  [key: string]: unknown
}

interface JobMetadata {
  /** http(s) URLs, or object paths `bucket/<user id>/…`: a picture that guides the whole, and the first and the last frame. */
  reference_image_url?: string
  start_reference_url?: string
  end_reference_url?: string
  /** 0.1 to 1: how much of the reference stays. */
  reference_strength?: number
  /** Of SDXL. */
  reference_type?: 'style' | 'composition' | 'character'
  /** Render without the reference if it cannot be had. */
  reference_fallback?: boolean
  /** A failure to act out, outside production only. */
  simulate?: string
  [key: string]: unknown
}
