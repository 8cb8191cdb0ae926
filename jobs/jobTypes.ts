/** The queues of the card: one lane per kind of GPU work. The GPU worker runs one Temporal Worker per lane. */
export const LANES = ['sdxl', 'wan.image', 'wan.video', 'wan.enhance'] as const
export type Lane = (typeof LANES)[number]
export type RenderLane = Exclude<Lane, 'wan.enhance'>

export type Family = 'sdxl' | 'wan'
export type ModelName = 'lustify_sdxl' | 'wan_2_1_1_3b'
export type Medium = 'image' | 'video'

/** What every job of one type has in common. Adding a job type adds a row to {@link JOB_TYPES}. */
export interface JobTypeRow {
  family: Family
  model: ModelName
  lane: RenderLane
  medium: Medium
  /** Whether a language model rewrites the prompt before the render. */
  enhance: boolean
  steps: number
  guidance: number
  /** Frames the producers ask for, and frames the model makes (WAN makes 4n+1, so 83 becomes 81). */
  framesRequested: number
  frames: number
  imageCounts: readonly number[]
  /** Expected seconds of the card: per image for SDXL, per job for WAN. The two add up to the contract's "expected s". */
  renderSeconds: number
  enhanceSeconds: number
  /** Longest a render may hold the card, per image for SDXL; waiting for the card does not count. */
  cardSecondsLimit: number
  /** From submission to the last upload, waiting included. */
  deadlineHours: number
  /** Attempts of `generate`, counted by Temporal. A restart of the worker uses one, hence at least five. */
  renderAttempts: number
}

const sdxl = {
  family: 'sdxl',
  model: 'lustify_sdxl',
  lane: 'sdxl',
  medium: 'image',
  enhance: false,
  framesRequested: 1,
  frames: 1,
  imageCounts: [1, 3, 6],
  enhanceSeconds: 0,
  cardSecondsLimit: 120,
  deadlineHours: 6,
  renderAttempts: 6,
} as const

const wanImage = {
  family: 'wan',
  model: 'wan_2_1_1_3b',
  lane: 'wan.image',
  medium: 'image',
  framesRequested: 1,
  frames: 1,
  imageCounts: [1],
  cardSecondsLimit: 600,
  deadlineHours: 12,
  renderAttempts: 6,
} as const

const wanVideo = {
  ...wanImage,
  lane: 'wan.video',
  medium: 'video',
  framesRequested: 83,
  frames: 81,
  cardSecondsLimit: 1800,
  deadlineHours: 24,
} as const

const fast = { steps: 25, guidance: 6.5 } as const
const high = { steps: 50, guidance: 7.5 } as const
const plain = { enhance: false, enhanceSeconds: 0 } as const
const enhanced = { enhance: true, enhanceSeconds: 60 } as const

/** The ten job types. Figures: the producers' contract (steps, guidance, frames, expected seconds); limits are ours. */
export const JOB_TYPES = {
  sdxl_image_fast: { ...sdxl, steps: 15, guidance: 6.0, renderSeconds: 4 },
  sdxl_image_high: { ...sdxl, steps: 25, guidance: 7.5, renderSeconds: 8 },
  image_fast: { ...wanImage, ...fast, ...plain, renderSeconds: 25 },
  image_high: { ...wanImage, ...high, ...plain, renderSeconds: 40 },
  video_fast: { ...wanVideo, ...fast, ...plain, renderSeconds: 135 },
  video_high: { ...wanVideo, ...high, ...plain, renderSeconds: 180 },
  image7b_fast_enhanced: { ...wanImage, ...fast, ...enhanced, renderSeconds: 25 },
  image7b_high_enhanced: { ...wanImage, ...high, ...enhanced, renderSeconds: 40 },
  video7b_fast_enhanced: { ...wanVideo, ...fast, ...enhanced, renderSeconds: 135 },
  video7b_high_enhanced: { ...wanVideo, ...high, ...enhanced, renderSeconds: 180 },
} as const satisfies Record<string, JobTypeRow>

export type JobType = keyof typeof JOB_TYPES

/** The row of a type, widened so that callers see plain numbers. */
export function jobTypeRow(type: JobType): JobTypeRow {
  return JOB_TYPES[type]
}

/** What all jobs of a lane are rendered with. */
export function laneRow(lane: RenderLane): Pick<JobTypeRow, 'family' | 'model'> {
  const row = Object.values(JOB_TYPES).find(row => row.lane === lane)
  if (row === undefined) throw new Error(`No job type is rendered in lane ${lane}.`)
  return row
}

export const jobTypeNames = Object.keys(JOB_TYPES) as JobType[]

export function isJobType(value: unknown): value is JobType {
  return typeof value === 'string' && Object.hasOwn(JOB_TYPES, value)
}
