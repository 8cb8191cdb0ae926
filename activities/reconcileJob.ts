import { log } from '@temporalio/activity'
import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionInfo,
} from '@temporalio/client'
import { failedEvent, toldByRun } from '../jobs/callback.ts'
import type { FailureCode } from '../jobs/failures.ts'
import { planJob } from '../jobs/planJob.ts'
import { WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import { jobIdOf, workflowIds } from '../jobs/workflowIds.ts'
import { type JobHistory, NO_HISTORY, type OpenDelivery, readJobHistory } from '../runtime/jobHistory.ts'
import { orNull } from '../runtime/orNull.ts'
import { statusClient } from '../runtime/statusClient.ts'
import { ownerAttributes } from '../workflows/attributeKeys.ts'
import { RECEIVER_LIMIT_MS } from '../workflows/receiverLimit.ts'
import { scaledMs, scaleOf } from '../workflows/timeScale.ts'
import type { Workflows } from '../workflows/types.ts'

export interface ReconcileDeps {
  client: Client
  jobsQueue: string
  callbacks: boolean
  /** Longest that one delivery attempt may be under way. */
  callbackAttemptMs: number
  outputBuckets: readonly string[]
  /** Factor of the durations that the code names; 1 but in tests of faults. */
  timeScale?: number
}

/**
 * Has the terminal callback of a job delivered whose workflow is closed without having seen to it: the recorded one if one
 * was ever scheduled, else `failed` with the given code. False when that was done before, or when the job lives on: a reset
 * closes a run and starts another.
 */
export async function reconcileJob(
  deps: ReconcileDeps,
  job: WorkflowExecutionInfo,
  code: FailureCode,
): Promise<boolean> {
  const jobId = jobIdOf(job.workflowId)
  const looking = statusClient(deps.client.connection, deps.client.options.namespace)
  const delivery = await describeIfThere(looking, workflowIds.callback(jobId))
  const current = await looking.workflow.getHandle(job.workflowId).describe()
  if (current.runId !== job.runId) return false
  // An earlier one told the end of a run that was reset since.
  if (delivery !== null && delivery.startTime >= current.startTime) return false

  const history = await readOrNothing(deps.client, job)
  const planned = planJob(history.payload, { outputBuckets: deps.outputBuckets })
  const plan = planned.ok ? planned.plan : null
  if (plan !== null && history.uploadBegan && history.terminalEvent?.body.status !== 'completed') {
    const { bucket, userId, images, extension } = plan
    const input = { bucket, userId, jobId, images, extension, ...scaleOf(deps) }
    const wasReset = history.firstRunId !== null && history.firstRunId !== job.runId
    await unlessThere(() =>
      deps.client.workflow.start<Workflows['removeAssetsWorkflow']>(WORKFLOW_TYPES.removeAssets, {
        ...startOptions(deps, wasReset),
        workflowId: workflowIds.removeAssets(jobId),
        args: [input],
      }),
    )
  }
  if (!deps.callbacks) return false
  const at = new Date().toISOString()
  const failed = failedEvent({
    jobId,
    plan,
    failure: { code },
    planError: planned.ok ? null : planned.error,
    at,
  })
  const event = history.terminalEvent ?? toldByRun(failed, job.runId, history.firstRunId ?? job.runId)
  const when = whenToDeliver(history.openDeliveries, deps)
  // That of an earlier run may be under way still.
  if (delivery !== null) when.notBeforeMs = Math.max(when.notBeforeMs, Date.now() + deps.callbackAttemptMs)
  return await unlessThere(() =>
    deps.client.workflow.start<Workflows['deliverCallbackWorkflow']>(WORKFLOW_TYPES.deliverCallback, {
      ...startOptions(deps, delivery !== null),
      workflowId: workflowIds.callback(jobId),
      args: [{ event, runId: job.runId, ...when }],
      typedSearchAttributes: ownerAttributes(current.typedSearchAttributes),
    }),
  )
}

/** Not while an attempt of the dead workflow may be under way; and again once the receiver cannot be at work on `processing`. */
function whenToDeliver(
  open: readonly OpenDelivery[],
  { callbackAttemptMs: attemptMs, ...deps }: ReconcileDeps,
) {
  const latest = (deliveries: readonly OpenDelivery[]) => Math.max(0, ...deliveries.map(({ atMs }) => atMs))
  const processing = open.filter(({ kind }) => kind === 'processing')
  return {
    notBeforeMs: latest(open) + attemptMs,
    repeatAtMs:
      processing.length === 0 ? null : latest(processing) + attemptMs + scaledMs(deps, RECEIVER_LIMIT_MS),
  }
}

/**
 * A history that cannot be read (another key, another client) must not cost its job the callback. Throws where Temporal did
 * not give it: the next sweep asks again, as what is told without it may contradict what was told before.
 */
async function readOrNothing(
  client: Client,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<JobHistory> {
  try {
    return await readJobHistory(client, workflowId, runId)
  } catch (error) {
    if (error instanceof ServiceError || isGrpcServiceError(error)) throw error
    log.error('a history could not be read', { workflowId, error: String(error) })
    return NO_HISTORY
  }
}

const describeIfThere = ({ workflow }: Client, workflowId: string) =>
  orNull(workflow.getHandle(workflowId).describe())

/** `insteadOfEarlier`: what an earlier run of the job has started is no hindrance, and is ended if it still runs. */
function startOptions({ jobsQueue }: ReconcileDeps, insteadOfEarlier: boolean) {
  const common = { taskQueue: jobsQueue, staticSummary: 'by the reconciler' }
  return insteadOfEarlier
    ? ({
        ...common,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      } as const)
    : ({ ...common, workflowIdReusePolicy: 'REJECT_DUPLICATE' } as const)
}

/** Whether it was started: false where a workflow of that id is there already. */
async function unlessThere(start: () => Promise<unknown>): Promise<boolean> {
  try {
    await start()
    return true
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false
    throw error
  }
}
