import type { Client } from '@temporalio/client'
import type { Queues } from '../jobs/queues.ts'
import type { Pollers } from './pollers.ts'

/** What every operation of the SDK stands on. */
export interface PipelineContext {
  client: Client
  queues: Queues
  pollers: Pollers
  /** Ends what waits for a job, with its reason. */
  closing: AbortSignal
  /** Buckets that the installation allows beside the ten; here only for what the Web UI shows of a job. */
  outputBuckets: readonly string[]
}
