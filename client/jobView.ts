import type { WorkflowExecutionDescription } from '@temporalio/client'
import type { JobType } from '../jobs/jobTypes.ts'
import type { ReferenceMode } from '../jobs/plan.ts'
import type { UploadedAsset } from '../jobs/receipt.ts'
import type { CallbackStatus } from '../jobs/searchAttributes.ts'
import type { JobPhase, JobStatus } from '../jobs/status.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { orNull } from '../runtime/orNull.ts'
import type { JobOutcome } from '../workflows/types.ts'
import { readAttributes } from './attributes.ts'
import type { PipelineContext } from './context.ts'
import { isRunning, statusOf } from './jobState.ts'
import { outcomeOf } from './outcome.ts'
import { progressOf } from './progress.ts'
import { callServer } from './server.ts'
import { nobodyThere } from './waiting.ts'

/** A job as it stands now. */
export interface JobView {
  jobId: string
  status: JobStatus
  /** null when the payload named no type that we know. */
  type: JobType | null
  userId: string | null
  referenceMode: ReferenceMode | null
  /** null once the job has ended. */
  phase: JobPhase | null
  /** Steps within the phase; both 0 where it has none. */
  step: number
  total: number
  /** Attempt of the current step, from 1; 0 once the job has ended. */
  attempt: number
  /** Why nothing moves, if that can be told. */
  waitingReason: string | null
  createdAt: Date
  /** When a worker took the current attempt; null while waiting and once the job has ended. */
  startedAt: Date | null
  closedAt: Date | null
  failure: JobOutcome['failure']
  /** In order; empty unless completed. */
  assets: UploadedAsset[]
  /** null while the job runs. */
  outcome: JobOutcome | null
  callback: CallbackStatus
}

export async function viewOf(
  context: PipelineContext,
  jobId: string,
  description: WorkflowExecutionDescription,
): Promise<JobView> {
  const { callback, ...attributes } = readAttributes(description.typedSearchAttributes)
  const common = {
    jobId,
    type: attributes.type,
    userId: attributes.userId,
    referenceMode: attributes.referenceMode,
    createdAt: description.startTime,
    closedAt: description.closeTime ?? null,
  }
  if (isRunning(description)) {
    const pending = description.raw.pendingActivities ?? []
    const status = statusOf(description)
    const idle = status === 'queued' ? 'planning' : 'between steps'
    // A heartbeat may be encrypted with a later key than what was read so far.
    const progress = await callServer(context.client, () =>
      progressOf(pending, idle, context.client.options.loadedDataConverter),
    )
    const setAside = status === 'quarantined'
    return {
      ...common,
      status,
      phase: setAside ? status : progress.phase,
      step: progress.step,
      total: progress.total,
      attempt: progress.attempt,
      waitingReason: setAside
        ? 'it killed the inference program; an operator decides (`ourvidz quarantine`)'
        : (progress.waitingReason ?? (await nobodyThere(context, progress, description))),
      startedAt: progress.startedAt,
      failure: null,
      assets: [],
      outcome: null,
      callback: callback ?? 'pending',
    }
  }
  const [outcome, delivery] = await Promise.all([
    outcomeOf(context, jobId, description),
    deliveryOf(context, jobId, callback ?? 'pending'),
  ])
  return {
    ...common,
    type: outcome.type ?? attributes.type,
    referenceMode: outcome.referenceMode ?? attributes.referenceMode,
    status: outcome.status,
    phase: null,
    step: 0,
    total: 0,
    attempt: 0,
    waitingReason: null,
    startedAt: null,
    failure: outcome.failure,
    assets: outcome.assets,
    outcome,
    callback: delivery,
  }
}

/** Once the job has ended, a delivery that was not settled by then is known by the delivery workflow alone. */
async function deliveryOf(
  context: PipelineContext,
  jobId: string,
  last: CallbackStatus,
): Promise<CallbackStatus> {
  if (last === 'none' || last === 'delivered') return last
  const delivery = await orNull(describeDelivery(context, jobId))
  return delivery === null ? last : statusOfDelivery(delivery)
}

/** The latest delivery of the job's terminal callback. Throws Temporal's WorkflowNotFoundError. */
export function describeDelivery(
  { client }: PipelineContext,
  jobId: string,
): Promise<WorkflowExecutionDescription> {
  return callServer(client, () => client.workflow.getHandle(workflowIds.callback(jobId)).describe())
}

export function statusOfDelivery(delivery: WorkflowExecutionDescription): CallbackStatus {
  if (delivery.status.name === 'COMPLETED') return 'delivered'
  if (!isRunning(delivery)) return 'undelivered'
  return readAttributes(delivery.typedSearchAttributes).callback ?? 'retrying'
}
