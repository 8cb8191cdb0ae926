/** `aborted`: cancelled before the card did anything for it; `canceled`: later. The app hears both as `failed`. */
export const JOB_STATUSES = ['queued', 'processing', 'completed', 'failed', 'aborted', 'canceled'] as const
export type JobStatus = (typeof JOB_STATUSES)[number]
export type TerminalStatus = Exclude<JobStatus, 'queued' | 'processing'>

/** Phases of a job, as shown in the Web UI, in progress events and in heartbeats. */
export type JobPhase =
  | 'planning'
  | 'fetching references'
  | 'preparing references'
  | 'enhancing prompt'
  | 'waiting for the card'
  | 'loading model'
  | 'rendering'
  | 'encoding'
  | 'uploading'
  | 'finishing'

/** Heartbeat of `generate` and `enhancePrompt`. `held` is true once the attempt has had the card. */
export interface RenderProgress {
  phase: JobPhase
  step: number
  total: number
  held: boolean
}
