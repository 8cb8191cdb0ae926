import { randomUUID } from 'node:crypto'
import { WorkflowNotFoundError } from '@temporalio/client'
import type { JobStatus } from '../jobs/status.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import type { PipelineContext } from './context.ts'
import { InvalidArgumentError } from './errors.ts'
import { findJob } from './get.ts'
import { parseUuid } from './jobId.ts'
import { isRunning, statusOf } from './jobState.ts'
import { callServer } from './server.ts'

export interface CancelResult {
  jobId: string
  /** False when the job had ended before; then nothing was done. */
  wasRunning: boolean
  /** As it was when the cancellation was requested: the job takes a moment to end. */
  status: JobStatus
}

const MAX_REASON_LENGTH = 500

/**
 * Asks the job to stop; it still sends its terminal callback. Asking twice, or after the end, does nothing more. `reason` is
 * kept in the job's history, in plain text. Throws JobNotFoundError.
 */
export async function cancel(
  context: PipelineContext,
  jobId: string,
  reason = 'requested by a client',
): Promise<CancelResult> {
  const id = parseUuid(jobId, 'The job id')
  if (reason.length > MAX_REASON_LENGTH) {
    throw new InvalidArgumentError(`The reason may have ${MAX_REASON_LENGTH} characters at most.`)
  }
  const before = await findJob(context, id)
  if (!isRunning(before)) return { jobId: id, wasRunning: false, status: statusOf(before) }
  try {
    await requestCancel(context, id, before.runId, reason)
  } catch (error) {
    // "Already completed" comes as not found: it ended in between.
    if (!(error instanceof WorkflowNotFoundError)) throw error
    const now = await findJob(context, id)
    if (isRunning(now)) throw error
    return { jobId: id, wasRunning: false, status: statusOf(now) }
  }
  return { jobId: id, wasRunning: true, status: statusOf(before) }
}

/** The raw call, as the client's own takes no reason. */
async function requestCancel(
  { client }: PipelineContext,
  jobId: string,
  runId: string,
  reason: string,
): Promise<void> {
  const { namespace, identity } = client.options
  await callServer(client, () =>
    client.workflowService.requestCancelWorkflowExecution({
      namespace,
      identity,
      requestId: randomUUID(),
      workflowExecution: { workflowId: workflowIds.job(jobId), runId },
      reason,
    }),
  )
}
