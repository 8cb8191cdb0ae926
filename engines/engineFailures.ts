import { type FailureCode, JobFailure } from '../jobs/failures.ts'
import type { EngineEvent } from './protocol.ts'

type FailedEvent = Extract<EngineEvent, { type: 'failed' }>

/** A job's failure code for each code of the protocol. Whether to retry is told by our table, not by the program. */
const CODES = {
  invalid_input: 'engine_rejected',
  oom: 'out_of_memory',
  cuda_error: 'gpu_error',
  model_missing: 'model_missing',
  cancelled: 'engine_internal',
  disk_full: 'disk_full',
  internal: 'engine_internal',
} as const satisfies Record<FailedEvent['code'], FailureCode>

export function engineFailure(event: FailedEvent): JobFailure {
  return new JobFailure(CODES[event.code], `The inference program failed: ${event.message.slice(0, 2_000)}`)
}
