import type { JobOutcome } from '../workflows/types.ts'
import type { PipelineContext } from './context.ts'
import { JobCanceledError, JobFailedError } from './errors.ts'
import { get } from './get.ts'
import { parseUuid } from './jobId.ts'
import { DEFAULT_MAX_OUTAGE_MS, pause, throughOutages } from './patience.ts'
import { waitUntilClosed } from './waitUntilClosed.ts'

export interface ResultOptions {
  signal?: AbortSignal
  /** How long the server may be away before the wait gives up; 5 minutes by default. */
  maxOutageMs?: number
}

/** Describe may lag the long poll by a moment. */
const SETTLING_MS = 100

/**
 * Waits until the job has ended and gives its outcome if it completed. Throws JobFailedError or JobCanceledError otherwise,
 * JobNotFoundError, ServerUnreachableError after a long outage, and the signal's reason when it aborts.
 */
export async function result(
  context: PipelineContext,
  jobId: string,
  options: ResultOptions = {},
): Promise<JobOutcome> {
  const id = parseUuid(jobId, 'The job id')
  const waiting = {
    signal: AbortSignal.any([context.closing, ...(options.signal ? [options.signal] : [])]),
    maxOutageMs: options.maxOutageMs ?? DEFAULT_MAX_OUTAGE_MS,
  }
  for (;;) {
    // Again, as a job that is reset goes on in another run.
    await waitUntilClosed(context, id, waiting)
    const { outcome } = await throughOutages(() => get(context, id), waiting)
    if (outcome !== null) return completed(outcome)
    await pause(SETTLING_MS, waiting.signal)
  }
}

function completed(outcome: JobOutcome): JobOutcome {
  if (outcome.status === 'completed') return outcome
  if (outcome.status === 'failed' && outcome.failure !== null)
    throw new JobFailedError(outcome, outcome.failure)
  throw new JobCanceledError(outcome)
}
