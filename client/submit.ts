import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client'
import type { SearchAttributePair } from '@temporalio/common'
import { isJobType } from '../jobs/jobTypes.ts'
import { planJob } from '../jobs/planJob.ts'
import type { CallbackStatus } from '../jobs/searchAttributes.ts'
import type { JobStatus } from '../jobs/status.ts'
import { WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { attributeKeys } from '../workflows/attributeKeys.ts'
import type { GenerateMediaInput, JobMemo, Workflows } from '../workflows/types.ts'
import type { PipelineContext } from './context.ts'
import { JobConflictError } from './errors.ts'
import { describeJob, statusOf } from './jobState.ts'
import { callServer } from './server.ts'
import { parseSubmission, type Submission } from './submission.ts'

export interface SubmitResult {
  jobId: string
  /** False when the same job had been submitted before. */
  created: boolean
  status: JobStatus
}

/**
 * Starts the job's workflow, or finds it again if the very same job was submitted before, also when it has ended. Throws
 * InvalidPayloadError, PayloadTooLargeError, JobConflictError.
 */
export async function submit(context: PipelineContext, payload: unknown): Promise<SubmitResult> {
  const submission = parseSubmission(payload)
  for (;;) {
    if (await startJob(context, submission))
      return { jobId: submission.jobId, created: true, status: 'queued' }
    const status = await statusOfSameJob(context, submission)
    // Gone between the two calls, as its retention ended just now: start it after all.
    if (status !== null) return { jobId: submission.jobId, created: false, status }
  }
}

async function startJob(context: PipelineContext, submission: Submission): Promise<boolean> {
  const { client, queues, outputBuckets } = context
  const { jobId, userId, payload, payloadSha256 } = submission
  const input: GenerateMediaInput = { payload }
  const memo: JobMemo = { userId, payloadSha256 }
  try {
    await callServer(client, () =>
      client.workflow.start<Workflows['generateMediaWorkflow']>(WORKFLOW_TYPES.generateMedia, {
        workflowId: workflowIds.job(jobId),
        taskQueue: queues.jobs,
        args: [input],
        memo: { ...memo },
        // A running job is refused like a closed one, so that either way we learn that it was there before.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        priority: { fairnessKey: userId },
        ...labels(submission, outputBuckets),
      }),
    )
    return true
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false
    throw error
  }
}

async function statusOfSameJob(context: PipelineContext, submission: Submission): Promise<JobStatus | null> {
  try {
    const existing = await describeJob(context, submission.jobId)
    const { userId, payloadSha256 } = existing.memo ?? {}
    if (userId !== submission.userId || payloadSha256 !== submission.payloadSha256) {
      throw new JobConflictError(submission.jobId)
    }
    return statusOf(existing)
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null
    throw error
  }
}

/** What the Web UI shows of a job before it runs. Only values from our own tables: these are never encrypted. */
function labels(
  { payload, userId }: Submission,
  outputBuckets: readonly string[],
): {
  staticSummary: string
  typedSearchAttributes: SearchAttributePair[]
} {
  const planned = planJob(payload, { outputBuckets })
  const type = planned.ok ? planned.plan.type : isJobType(payload.type) ? payload.type : null
  const mode = planned.ok ? planned.plan.reference.mode : null
  const status: JobStatus = 'queued'
  const callback: CallbackStatus = 'pending'
  return {
    staticSummary: `${type ?? 'unknown type'} · ${planned.ok ? (mode === 'none' ? 'no reference' : mode) : 'invalid'}`,
    typedSearchAttributes: [
      { key: attributeKeys.userId, value: userId },
      { key: attributeKeys.jobStatus, value: status },
      { key: attributeKeys.callbackStatus, value: callback },
      ...(type === null ? [] : [{ key: attributeKeys.jobType, value: type }]),
      ...(mode === null ? [] : [{ key: attributeKeys.referenceMode, value: mode }]),
    ],
  }
}
