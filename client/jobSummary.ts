import type { WorkflowExecutionInfo } from '@temporalio/client'
import type { FailureCode } from '../jobs/failures.ts'
import type { JobType } from '../jobs/jobTypes.ts'
import type { ReferenceMode } from '../jobs/plan.ts'
import type { CallbackStatus } from '../jobs/searchAttributes.ts'
import type { JobStatus } from '../jobs/status.ts'
import { jobIdOf } from '../jobs/workflowIds.ts'
import { readAttributes } from './attributes.ts'
import { statusOf } from './jobState.ts'

/** One line of a list. The server's index runs a moment behind; `get` tells the latest. */
export interface JobSummary {
  jobId: string
  /** null: the job is past the namespace's retention. What is known is of its callback's delivery, which can be made again. */
  status: JobStatus | null
  type: JobType | null
  userId: string | null
  referenceMode: ReferenceMode | null
  failureCode: FailureCode | null
  /** As it was when the job ended. */
  callback: CallbackStatus
  createdAt: Date
  closedAt: Date | null
}

/** What the index tells of a job. */
export function summaryOf(execution: Omit<WorkflowExecutionInfo, 'raw'>): JobSummary {
  const attributes = readAttributes(execution.typedSearchAttributes)
  return {
    jobId: jobIdOf(execution.workflowId),
    status: statusOf(execution),
    type: attributes.type,
    userId: attributes.userId,
    referenceMode: attributes.referenceMode,
    failureCode: attributes.failureCode,
    callback: attributes.callback ?? 'pending',
    createdAt: execution.startTime,
    closedAt: execution.closeTime ?? null,
  }
}
