import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client'
import { type JobStatus, OPEN_STATUSES } from '../jobs/status.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { readAttributes } from './attributes.ts'
import type { PipelineContext } from './context.ts'
import { callServer } from './server.ts'

/** Throws Temporal's WorkflowNotFoundError. */
export function describeJob(
  { client }: PipelineContext,
  jobId: string,
): Promise<WorkflowExecutionDescription> {
  return callServer(client, () => client.workflow.getHandle(workflowIds.job(jobId)).describe())
}

type Execution = Pick<WorkflowExecutionInfo, 'status' | 'typedSearchAttributes'>

export function isRunning({ status }: Pick<Execution, 'status'>): boolean {
  return status.name === 'RUNNING' || status.name === 'PAUSED'
}

/** The status by the state of the workflow first: what a running or killed workflow last wrote of itself may be out of date. */
export function statusOf(description: Execution): JobStatus {
  const written = readAttributes(description.typedSearchAttributes).status
  if (isRunning(description)) return OPEN_STATUSES.find(status => status === written) ?? 'processing'
  if (description.status.name === 'COMPLETED') return 'completed'
  if (description.status.name === 'CANCELLED') return written === 'aborted' ? 'aborted' : 'canceled'
  return 'failed'
}
