import { CancelledFailure, type WorkflowExecutionDescription, WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import { closedCode } from '../jobs/closedCode.ts'
import { FAILURES, type FailureCode } from '../jobs/failures.ts'
import { JOB_STATUSES, type TerminalStatus } from '../jobs/status.ts'
import type { JobOutcome } from '../workflows/types.ts'
import { readAttributes } from './attributes.ts'
import type { PipelineContext } from './context.ts'
import { callServer } from './server.ts'

/** How a closed job ended: as its workflow told, or, where that could not tell, from the state it was closed in. */
export async function outcomeOf(
  { client }: PipelineContext,
  jobId: string,
  description: WorkflowExecutionDescription,
): Promise<JobOutcome> {
  const handle = client.workflow.getHandle(description.workflowId, description.runId)
  try {
    const result: unknown = await callServer(client, () => handle.result())
    return isOutcome(result) ? result : untold(jobId, description)
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error
    const { cause } = error
    const told =
      cause instanceof ApplicationFailure || cause instanceof CancelledFailure ? cause.details?.[0] : null
    return isOutcome(told) ? told : untold(jobId, description)
  }
}

function isOutcome(value: unknown): value is JobOutcome {
  if (typeof value !== 'object' || value === null) return false
  const outcome: Partial<Record<keyof JobOutcome, unknown>> = value
  return (
    typeof outcome.jobId === 'string' &&
    JOB_STATUSES.some(status => status === outcome.status) &&
    Array.isArray(outcome.assets)
  )
}

/** A cancelled workflow has no result, and one that was closed by force could say nothing. */
function untold(jobId: string, description: WorkflowExecutionDescription): JobOutcome {
  const { type, referenceMode, status, failureCode } = readAttributes(description.typedSearchAttributes)
  const [ended, code] = endOf(
    description.status.name,
    status === 'aborted' ? 'aborted' : 'canceled',
    failureCode,
  )
  return {
    jobId,
    status: ended,
    type,
    referenceMode,
    bucket: null,
    assets: [],
    seed: null,
    enhancedPrompt: null,
    receipt: null,
    failure: { code, message: FAILURES[code].message, detail: '' },
  }
}

function endOf(
  closed: string,
  canceled: 'aborted' | 'canceled',
  code: FailureCode | null,
): [TerminalStatus, FailureCode] {
  if (closed === 'CANCELLED') return [canceled, canceled]
  return ['failed', code ?? closedCode(closed)]
}
