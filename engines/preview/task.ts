import type { Lane } from '../../jobs/jobTypes.ts'
import type { EngineEvent, EnhanceJob, RenderJob } from '../protocol.ts'
import type { Actor } from './actor.ts'
import type { Models } from './models.ts'
import type { Progress } from './progress.ts'
import type { Turn } from './turn.ts'

/** What a job needs to run: its command, and its ways to the program around it. */
export interface Task<Job extends RenderJob | EnhanceJob> {
  id: string
  lane: Lane
  job: Job
  outDir: string | null
  lowMemory: boolean
  signal: AbortSignal
  turn: Turn
  actor: Actor
  progress: Progress
  models: Models
  /** Simulated seconds for each expected second; 0 is as fast as it can. */
  speed: number
  send: (event: EngineEvent) => void
  /** A file of the job has its name. */
  onSaved: (file: string) => void
  ffmpeg: string
}

export type DoneEvent = Extract<EngineEvent, { type: 'done' }>

/** Shortest time of a job that is asked to be slow. */
const SLOWEST_MS = 5_000

/** How long to pretend to compute. */
export async function simulatedMs({ job, speed, actor }: Task<RenderJob | EnhanceJob>): Promise<number> {
  const plainMs = Math.max(0, job.expectedSeconds * 1_000 * speed)
  const slow = (await actor.at('rendering')) === 'slow'
  return slow ? Math.max(SLOWEST_MS, plainMs * 10) : plainMs
}
