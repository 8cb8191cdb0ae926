/** What we say of a job in a callback's metadata, and nobody else: a producer's key of such a name does not travel back. */
export const METADATA_KEYS = [
  'video_id',
  'image_id',
  'character_id',
  'project_id',
  'seed',
  'num_images',
  'expected_time',
  'requested_frames',
  'frames',
  'reference_mode',
  'reference_image_url',
  'start_reference_url',
  'end_reference_url',
  'reference_strength',
  'reference_type',
  'reference_method',
  'reference_dropped',
  'generation_time',
  'performance_ratio',
  'vram_used_gb',
  'vram_total_gb',
  'vram_utilization',
  'thumbnails',
  'enhancement',
  'completed_at',
  'error_type',
  'error_timestamp',
  'worker_version',
] as const

/** What is null is not told. A key that is not in the list is an error of types, unless it is spread into the object. */
export type OurMetadata = { [key in (typeof METADATA_KEYS)[number]]?: unknown }
