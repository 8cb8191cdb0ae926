import { log } from '@temporalio/activity'
import { type Client, type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client'
import { z } from 'zod'
import { closedCode } from '../jobs/closedCode.ts'
import { jobTypeNames, jobTypeRow } from '../jobs/jobTypes.ts'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import { OPEN_STATUSES } from '../jobs/status.ts'
import { WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import { statusClient } from '../runtime/statusClient.ts'
import { withHeartbeats } from './heartbeats.ts'
import { type ReconcileDeps, reconcileJob } from './reconcileJob.ts'
import { isStuck, type StuckLimits } from './stuckJobs.ts'

/**
 * Visibility lags behind: what closed shortly before a sweep is looked at again by the next. By far more than the server's own
 * pause before it tries again to write to a store that was away, 5 minutes at most.
 */
const OVERLAP_MS = 30 * 60_000
/** How far the first sweep looks back. */
const FIRST_LOOK_BACK_MS = 30 * 86_400_000
/** Closed jobs that cannot be dealt with are tried again in every sweep for so long; afterwards those that closed so long ago no more. */
const LONGEST_RETRY_MS = 3_600_000
const MOST_PER_SWEEP = 500
/** One that was dealt with before costs two short calls, and after a mass termination there are thousands. */
const ATTENDED_AT_ONCE = 8

const lastSweep = z.object({ sweptUntilMs: z.number(), failingSinceMs: z.number().nullish() })

export interface SweepResult {
  /** Jobs that closed before this were dealt with (ms since 1970). */
  sweptUntilMs: number
  /** Since when there is a closed job that cannot be dealt with (ms since 1970); null when there is none. */
  failingSinceMs: number | null
  /** Ids of the workflows whose terminal callback was put on its way by this sweep. */
  swept: string[]
}

export interface SweepJobsDeps extends ReconcileDeps, StuckLimits {
  /** Called after each sweep that has got through. */
  onSwept?: () => void
}

/**
 * Finds jobs that closed without a terminal status of their own, and running ones far past their deadline (which it
 * terminates), and starts the delivery of their terminal callback. Doing it twice changes nothing, as the reconciler's
 * delivery has an id that is used once.
 */
export function createSweepJobs(deps: SweepJobsDeps) {
  const { workflow } = statusClient(deps.client.connection, deps.client.options.namespace)

  return ({ last }: { last: unknown }): Promise<SweepResult> =>
    withHeartbeats(async ({ signal }) => {
      const result = await sweep(last, signal)
      deps.onSwept?.()
      return result
    })

  async function sweep(last: unknown, signal: AbortSignal): Promise<SweepResult> {
    const startedMs = Date.now()
    const since = lastSweep.safeParse(last)
    const doneUntilMs = since.success ? since.data.sweptUntilMs : startedMs - FIRST_LOOK_BACK_MS
    const swept: string[] = []
    const failedUntilNow = since.data?.failingSinceMs ?? null
    let oldestFailedMs: number | null = null

    /** One job that cannot be dealt with must not keep the others from their callback. */
    async function attend(job: WorkflowExecutionInfo, work: () => Promise<boolean>): Promise<void> {
      try {
        if (await work()) swept.push(job.workflowId)
      } catch (error) {
        log.error('a job could not be reconciled', { workflowId: job.workflowId, error: String(error) })
        if (job.closeTime) oldestFailedMs = Math.min(oldestFailedMs ?? startedMs, job.closeTime.getTime())
      }
    }

    const silent = workflow.list({ query: closedSilently(deps.jobsQueue, doneUntilMs - OVERLAP_MS) })
    for await (const jobs of inGroups(silent, ATTENDED_AT_ONCE)) {
      signal.throwIfAborted()
      await Promise.all(
        jobs.map(job => attend(job, () => reconcileJob(deps, job, closedCode(job.status.name)))),
      )
      if (swept.length >= MOST_PER_SWEEP)
        return { sweptUntilMs: doneUntilMs, failingSinceMs: failedUntilNow, swept }
    }
    for await (const job of workflow.list({ query: longRunning(deps, startedMs) })) {
      signal.throwIfAborted()
      await attend(
        job,
        async () =>
          (await isStuck(job, deps, startedMs)) &&
          (await terminate(deps.client, job)) &&
          (await reconcileJob(deps, job, 'stuck')),
      )
    }
    if (swept.length > 0) log.warn('delivering the terminal callback of jobs that could not', { swept })
    if (oldestFailedMs === null) return { sweptUntilMs: startedMs, failingSinceMs: null, swept }
    const failingSinceMs = failedUntilNow ?? startedMs
    const isTooLong = startedMs - failingSinceMs > LONGEST_RETRY_MS
    const sweptUntilMs = isTooLong ? Math.max(oldestFailedMs, startedMs - LONGEST_RETRY_MS) : oldestFailedMs
    return { sweptUntilMs, failingSinceMs, swept }
  }
}

async function* inGroups<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let group: Item[] = []
  for await (const item of items) {
    group.push(item)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

/** False when the job has ended meanwhile. */
async function terminate(
  { workflow }: Client,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<boolean> {
  try {
    await workflow.getHandle(workflowId, runId).terminate('stuck: past its deadline and grace')
    return true
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

const ours = (jobsQueue: string) =>
  `WorkflowType = '${WORKFLOW_TYPES.generateMedia}' AND TaskQueue = '${jobsQueue}'`

const iso = (ms: number) => new Date(ms).toISOString()

/** A job writes its terminal status in the same breath in which it closes; one that was closed by force has not. */
function closedSilently(jobsQueue: string, sinceMs: number): string {
  const open = OPEN_STATUSES.map(status => `'${status}'`).join(', ')
  return `${ours(jobsQueue)} AND ExecutionStatus IN ('Terminated', 'TimedOut', 'Failed') AND ${SEARCH_ATTRIBUTES.jobStatus} IN (${open}) AND CloseTime > '${iso(sinceMs)}'`
}

function longRunning({ jobsQueue, deadlineFactor, stuckGraceMs }: SweepJobsDeps, nowMs: number): string {
  const shortestHours = Math.min(...jobTypeNames.map(type => jobTypeRow(type).deadlineHours))
  const latestStartMs = nowMs - shortestHours * 3_600_000 * deadlineFactor - stuckGraceMs
  return `${ours(jobsQueue)} AND ExecutionStatus = 'Running' AND StartTime < '${iso(latestStartMs)}'`
}
