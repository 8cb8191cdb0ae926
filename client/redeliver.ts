import { WorkflowExecutionAlreadyStartedError, type WorkflowExecutionDescription } from '@temporalio/client'
import type { SearchAttributePair } from '@temporalio/common'
import type { CallbackEvent } from '../jobs/callback.ts'
import type { CallbackStatus } from '../jobs/searchAttributes.ts'
import { SIGNALS, WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { readJobHistory } from '../runtime/jobHistory.ts'
import { orNull } from '../runtime/orNull.ts'
import { attributeKeys, ownerAttributes } from '../workflows/attributeKeys.ts'
import type { DeliverCallbackInput, Workflows } from '../workflows/types.ts'
import type { PipelineContext } from './context.ts'
import {
  JobNotFoundError,
  JobStillRunningError,
  NothingToRedeliverError,
  PayloadUnreadableError,
} from './errors.ts'
import { parseUuid } from './jobId.ts'
import { describeJob, isRunning } from './jobState.ts'
import { describeDelivery } from './jobView.ts'
import { callServer } from './server.ts'

export interface RedeliverResult {
  jobId: string
  /** `hastened`: a delivery was under way and tries again at once; `started`: a new delivery has begun. */
  action: 'hastened' | 'started'
}

/**
 * Delivers the job's terminal callback again, with the same content and event id as before. Throws JobStillRunningError,
 * JobNotFoundError, NothingToRedeliverError.
 */
export async function redeliver(context: PipelineContext, jobId: string): Promise<RedeliverResult> {
  const id = parseUuid(jobId, 'The job id')
  if (await hasten(context, id)) return { jobId: id, action: 'hastened' }
  const job = await orNull(describeJob(context, id))
  if (job !== null && isRunning(job)) throw new JobStillRunningError(id)

  const event = await lastTold(context, id, job)
  if (event === null) throw job === null ? new JobNotFoundError(id) : new NothingToRedeliverError(id)
  const owner = job ?? (await orNull(describeDelivery(context, id)))
  const started = await startDelivery(
    context,
    id,
    { event, ...(job === null ? {} : { runId: job.runId }) },
    owner === null ? [] : ownerAttributes(owner.typedSearchAttributes),
  )
  if (!started) await hasten(context, id)
  return { jobId: id, action: started ? 'started' : 'hastened' }
}

async function hasten(context: PipelineContext, jobId: string): Promise<boolean> {
  const delivery = await orNull(describeDelivery(context, jobId))
  if (delivery === null || !isRunning(delivery)) return false
  const { client } = context
  const handle = client.workflow.getHandle(workflowIds.callback(jobId))
  const signalled = callServer(client, () => handle.signal(SIGNALS.deliverNow)).then(() => true)
  return (await orNull(signalled)) ?? false
}

/** The job's own event; what the reconciler told of it, only the delivery knows, which may be that of a run before a reset. */
async function lastTold(
  context: PipelineContext,
  jobId: string,
  job: WorkflowExecutionDescription | null,
): Promise<CallbackEvent | null> {
  let unreadable: PayloadUnreadableError | null = null
  try {
    const own = await recordedEvent(context, workflowIds.job(jobId))
    if (own !== null) return own
  } catch (error) {
    if (!(error instanceof PayloadUnreadableError)) throw error
    unreadable = error
  }
  const delivery = await orNull(describeDelivery(context, jobId))
  const isOfThisRun = delivery !== null && (job === null || delivery.startTime >= job.startTime)
  if (isOfThisRun) return await recordedEvent(context, workflowIds.callback(jobId))
  if (unreadable !== null) throw unreadable
  return null
}

async function recordedEvent({ client }: PipelineContext, workflowId: string): Promise<CallbackEvent | null> {
  const history = await orNull(callServer(client, () => readJobHistory(client, workflowId)))
  return history?.terminalEvent ?? null
}

async function startDelivery(
  { client, queues }: PipelineContext,
  jobId: string,
  input: DeliverCallbackInput,
  owner: SearchAttributePair[],
): Promise<boolean> {
  const callback: CallbackStatus = 'retrying'
  try {
    await callServer(client, () =>
      client.workflow.start<Workflows['deliverCallbackWorkflow']>(WORKFLOW_TYPES.deliverCallback, {
        workflowId: workflowIds.callback(jobId),
        taskQueue: queues.jobs,
        args: [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `${input.event.body.status} · delivered again by hand`,
        typedSearchAttributes: [{ key: attributeKeys.callbackStatus, value: callback }, ...owner],
      }),
    )
    return true
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false
    throw error
  }
}
