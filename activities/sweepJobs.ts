import { log } from '@temporalio/activity'
import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionInfo,
} from '@temporalio/client'
import { z } from 'zod'
import { type CallbackEvent, failedEvent } from '../jobs/callback.ts'
import type { FailureCode } from '../jobs/failures.ts'
import { jobTypeNames, jobTypeRow } from '../jobs/jobTypes.ts'
import { planJob } from '../jobs/planJob.ts'
import { SEARCH_ATTRIBUTES, workflowIds } from '../jobs/searchAttributes.ts'
import { JOB_STATUSES } from '../jobs/status.ts'
import { readJobHistory } from '../runtime/jobHistory.ts'
import { attributeKeys } from '../workflows/attributeKeys.ts'
import { WORKFLOW_TYPES } from '../workflows/types.ts'

/** A running job may be this late before it counts as stuck: its own deadline needs a worker to be noticed. Scaled as deadlines are. */
const STUCK_GRACE_MS = 15 * 60_000
/** Visibility lags behind: what closed shortly before a sweep is looked at again by the next. */
const OVERLAP_MS = 5 * 60_000
/** How far the first sweep looks back. */
const FIRST_LOOK_BACK_MS = 30 * 86_400_000
const MOST_PER_SWEEP = 500

const lastSweep = z.object({ sweptUntilMs: z.number() })

export interface SweepResult {
  /** Jobs that closed before this were dealt with (ms since 1970). */
  sweptUntilMs: number
  /** Ids of the workflows whose terminal callback was put on its way by this sweep. */
  swept: string[]
}

export interface SweepJobsDeps {
  client: Client
  jobsQueue: string
  callbacks: boolean
  deadlineFactor: number
  outputBuckets: readonly string[]
}

/**
 * Finds jobs that closed without a terminal status of their own, and running ones far past their deadline (which it
 * terminates), and starts the delivery of their terminal callback: the recorded one if one was ever scheduled, else `failed`.
 * Doing it twice changes nothing, as a delivery workflow's id is used once.
 */
export function createSweepJobs(deps: SweepJobsDeps) {
  return async function sweepJobs({ last }: { last: unknown }): Promise<SweepResult> {
    const startedMs = Date.now()
    const since = lastSweep.safeParse(last)
    const sinceMs = since.success ? since.data.sweptUntilMs - OVERLAP_MS : startedMs - FIRST_LOOK_BACK_MS
    const swept: string[] = []
    let looked = 0
    for await (const job of deps.client.workflow.list({ query: closedSilently(deps.jobsQueue, sinceMs) })) {
      if (await deliverFor(deps, job, 'terminated')) swept.push(job.workflowId)
      looked += 1
      if (looked === MOST_PER_SWEEP) break
    }
    for await (const job of deps.client.workflow.list({ query: longRunning(deps, startedMs) })) {
      if (!isStuck(job, deps.deadlineFactor, startedMs)) continue
      await deps.client.workflow
        .getHandle(job.workflowId, job.runId)
        .terminate('stuck: past its deadline and grace')
      if (await deliverFor(deps, job, 'stuck')) swept.push(job.workflowId)
    }
    if (swept.length > 0) log.warn('delivered the terminal callback of jobs that could not', { swept })
    return { sweptUntilMs: looked === MOST_PER_SWEEP ? Math.max(0, sinceMs + OVERLAP_MS) : startedMs, swept }
  }
}

const ours = (jobsQueue: string) =>
  `WorkflowType = '${WORKFLOW_TYPES.generateMedia}' AND TaskQueue = '${jobsQueue}'`

/** A job writes its terminal status in the same breath in which it closes; one that was closed by force has not. */
function closedSilently(jobsQueue: string, sinceMs: number): string {
  const open = JOB_STATUSES.slice(0, 2)
    .map(status => `'${status}'`)
    .join(', ')
  return `${ours(jobsQueue)} AND ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed') AND ${SEARCH_ATTRIBUTES.jobStatus} IN (${open}) AND CloseTime > '${new Date(sinceMs).toISOString()}'`
}

function longRunning({ jobsQueue, deadlineFactor }: SweepJobsDeps, nowMs: number): string {
  const shortestMs =
    Math.min(...jobTypeNames.map(type => jobTypeRow(type).deadlineHours)) * 3_600_000 * deadlineFactor
  return `${ours(jobsQueue)} AND ExecutionStatus = 'Running' AND StartTime < '${new Date(nowMs - shortestMs - STUCK_GRACE_MS * deadlineFactor).toISOString()}'`
}

function isStuck(job: WorkflowExecutionInfo, deadlineFactor: number, nowMs: number): boolean {
  const types = job.typedSearchAttributes.get(attributeKeys.jobType)
  const type = jobTypeNames.find(name => name === types)
  const hours = type === undefined ? 24 : jobTypeRow(type).deadlineHours
  return nowMs - job.startTime.getTime() > (hours * 3_600_000 + STUCK_GRACE_MS) * deadlineFactor
}

async function deliverFor(
  deps: SweepJobsDeps,
  job: WorkflowExecutionInfo,
  why: FailureCode,
): Promise<boolean> {
  const jobId = job.workflowId.slice(workflowIds.job('').length)
  const history = await readJobHistory(deps.client, job.workflowId, job.runId)
  const planned = planJob(history.payload, { outputBuckets: deps.outputBuckets })
  const plan = planned.ok ? planned.plan : null
  if (plan !== null && history.uploadBegan && history.terminalEvent?.body.status !== 'completed') {
    const { bucket, userId, images, extension } = plan
    await startOnce(deps, WORKFLOW_TYPES.removeAssets, `remove-assets-${jobId}`, [
      { bucket, userId, jobId, images, extension },
    ])
  }
  if (!deps.callbacks) return false
  const event = history.terminalEvent ?? failed(jobId, plan, why)
  return startOnce(deps, WORKFLOW_TYPES.deliverCallback, workflowIds.callback(jobId), [{ event }])
}

function failed(
  jobId: string,
  plan: Parameters<typeof failedEvent>[0]['plan'],
  code: FailureCode,
): CallbackEvent {
  return failedEvent({
    jobId,
    plan,
    failure: { code },
    planError: null,
    at: new Date().toISOString(),
  })
}

async function startOnce(
  deps: SweepJobsDeps,
  type: string,
  workflowId: string,
  args: unknown[],
): Promise<boolean> {
  try {
    await deps.client.workflow.start(type, {
      workflowId,
      taskQueue: deps.jobsQueue,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: 'by the reconciler',
      args,
    })
    return true
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false
    throw error
  }
}
