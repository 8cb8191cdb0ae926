import type { Lane } from '../jobs/jobTypes.ts'
import type { RenderProgress } from '../jobs/status.ts'
import type { DeathReason } from './programDeath.ts'
import type { Command, EngineEvent, EnhanceJob, RenderJob } from './protocol.ts'

/** One job for an inference program. `outDir` is an existing folder, null for jobs that make no files. */
export interface EngineTask {
  id: string
  lane: Lane
  job: RenderJob | EnhanceJob
  outDir: string | null
  /** Seconds the job may hold the card; waiting for it does not count. */
  cardSecondsLimit: number
  /** One that hangs on the card may be tried again; the next that does has used its time. */
  firstAttempt?: boolean
  /** In low-memory mode, and with the card to itself until it gives it back: such jobs have killed the program before. */
  alone?: boolean
}

export interface RunHooks {
  /** Cancels the job. The promise then rejects with the signal's reason, once the program has let go of the job. */
  signal?: AbortSignal
  onProgress?: (progress: RenderProgress) => void
  /** The program has died, or must, and this job is to blame. Comes before the promise rejects. */
  onKilled?: () => void
  /**
   * Asked before the job is begun anew, as its program died by another's doing. Rejects when nobody counts on it any more: another
   * machine may be at it.
   */
  confirm?: () => Promise<void>
}

type Fields<T extends EngineEvent['type']> = Omit<Extract<EngineEvent, { type: T }>, 'type' | 'id'>

export interface EngineResult {
  /** As the program told them, in its order; nothing is checked yet. */
  artifacts: Fields<'artifact'>[]
  timings: Fields<'done'>['timings']
  /** Waited for the card, and held it. */
  waitMs: number
  heldMs: number
  peakMiB: number | null
  totalMiB: number | null
  /** The enhanced prompt, of an `enhance` job. */
  text?: string
  referenceMethod: string | null
  engine: { name: string; version: string; device: string }
}

export interface ProgramInfo {
  pid: number
  name: string
  version: string
  device: string
  models: string[]
  memory: { reservedMiB: number; totalMiB: number } | null
}

/** A program that is ready, as a job sees it. */
export interface ProgramLink {
  info: ProgramInfo
  send(command: Command): void
  kill(reason: DeathReason): void
}

export type TaskEvent = Extract<EngineEvent, { id: string }>
