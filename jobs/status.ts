/** `quarantined`: it killed the inference program again and again, and waits for an operator's decision. */
export const OPEN_STATUSES = ['queued', 'processing', 'quarantined'] as const

/** `aborted`: cancelled before the card did anything for it; `canceled`: later. The app hears both as `failed`. */
export const JOB_STATUSES = [...OPEN_STATUSES, 'completed', 'failed', 'aborted', 'canceled'] as const
export type JobStatus = (typeof JOB_STATUSES)[number]
export type TerminalStatus = Exclude<JobStatus, (typeof OPEN_STATUSES)[number]>

/** Phases of a job, as shown in the Web UI, in progress events and in heartbeats. */
export const JOB_PHASES = [
  'planning',
  'fetching references',
  'preparing references',
  'enhancing prompt',
  'waiting for the card',
  'loading model',
  'rendering',
  'quarantined',
  'encoding',
  'uploading',
  'finishing',
  /** Nothing is under way: the workflow decides what comes next, or waits before it tries again. */
  'between steps',
] as const
export type JobPhase = (typeof JOB_PHASES)[number]

/** `held` is true once the attempt has had the card; `kills` counts the attempts that the inference program died of. */
export interface RenderProgress {
  phase: JobPhase
  step: number
  total: number
  held: boolean
  kills?: number
}
