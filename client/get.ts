import { type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client'
import type { PipelineContext } from './context.ts'
import { JobNotFoundError } from './errors.ts'
import { parseUuid } from './jobId.ts'
import { describeJob } from './jobState.ts'
import { type JobView, viewOf } from './jobView.ts'

/** The job as it stands now. Throws JobNotFoundError. */
export async function get(context: PipelineContext, jobId: string): Promise<JobView> {
  const id = parseUuid(jobId, 'The job id')
  return viewOf(context, id, await findJob(context, id))
}

/** Throws {@link JobNotFoundError} where Temporal knows no such workflow. */
export async function findJob(
  context: PipelineContext,
  jobId: string,
): Promise<WorkflowExecutionDescription> {
  try {
    return await describeJob(context, jobId)
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw new JobNotFoundError(jobId)
    throw error
  }
}
