import { decodePendingActivityState } from '@temporalio/client'
import type { LoadedDataConverter } from '@temporalio/common'
import { ApplicationFailure, TimeoutFailure } from '@temporalio/common'
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js'
import { optionalTsToDate } from '@temporalio/common/lib/time.js'
import type { temporal } from '@temporalio/proto'
import { FAILURES, isFailureCode } from '../jobs/failures.ts'
import { type RenderHeartbeat, readHeartbeat } from '../jobs/renderHeartbeat.ts'
import type { JobPhase } from '../jobs/status.ts'
import type { ActivityName } from '../jobs/temporalNames.ts'

export type PendingActivity = temporal.api.workflow.v1.IPendingActivityInfo

/** Where a running job stands. `step` of `total` within the phase; both 0 where a phase has no steps. */
export interface JobProgress {
  phase: JobPhase
  step: number
  total: number
  /** Attempt of the current step, from 1. */
  attempt: number
  /** The activity that the phase was told from, if any. */
  activity: PendingActivity | null
  /** When the current attempt was taken by a worker. */
  startedAt: Date | null
  /** Why nothing moves: what the last attempt died of, or that an operator paused it. */
  waitingReason: string | null
}

/** Those of a job's own workflow. */
type JobActivity = Exclude<ActivityName, 'controlCard' | 'removeAssets' | 'sweepJobs'>

/** Phase by activity type, in order of precedence: a callback may be under way beside the real work. */
const PHASES: Readonly<Record<JobActivity, JobPhase>> = {
  generate: 'waiting for the card',
  enhancePrompt: 'waiting for the card',
  uploadAssets: 'uploading',
  preprocessFrames: 'preparing references',
  fetchReferences: 'fetching references',
  recordUsage: 'finishing',
  sendCallback: 'finishing',
}

export function isStarted(activity: PendingActivity): boolean {
  return decodePendingActivityState(activity.state) === 'STARTED'
}

/**
 * Reads progress from the pending activities of a running job: the heartbeat of the card's work, else the kind of activity.
 * `idle` is the phase where none is pending.
 */
export async function progressOf(
  pending: readonly PendingActivity[],
  idle: JobPhase,
  converter: LoadedDataConverter,
): Promise<JobProgress> {
  for (const [type, phase] of Object.entries(PHASES)) {
    const activity = pending.find(one => one.activityType?.name === type)
    if (activity === undefined) continue
    const started = isStarted(activity)
    const beat = started ? await heartbeatOf(activity, converter) : null
    return {
      phase: beat?.phase ?? phase,
      step: beat?.step ?? 0,
      total: beat?.total ?? 0,
      attempt: activity.attempt || 1,
      activity,
      startedAt: started ? (optionalTsToDate(activity.lastStartedTime) ?? null) : null,
      waitingReason: started ? null : await waitingReasonOf(activity, converter),
    }
  }
  return {
    phase: idle,
    step: 0,
    total: 0,
    attempt: 1,
    activity: null,
    startedAt: null,
    waitingReason: null,
  }
}

async function heartbeatOf(
  activity: PendingActivity,
  converter: LoadedDataConverter,
): Promise<RenderHeartbeat | null> {
  const [beat] = await decodeArrayFromPayloads(converter, activity.heartbeatDetails?.payloads)
  return readHeartbeat(beat)
}

async function waitingReasonOf(
  activity: PendingActivity,
  converter: LoadedDataConverter,
): Promise<string | null> {
  if (activity.paused) return 'paused by an operator'
  if (!activity.lastFailure) return null
  const error = await decodeOptionalFailureToOptionalError(converter, activity.lastFailure)
  const next = optionalTsToDate(activity.nextAttemptScheduleTime)
  return `last attempt: ${explain(error)}${next ? `; next try at ${next.toISOString()}` : ''}`
}

/** A code of our table with its safe text, or the kind of error; never a message, which may name anything. */
function explain(error: Error | undefined): string {
  if (error instanceof ApplicationFailure) {
    return isFailureCode(error.type)
      ? `${error.type}: ${FAILURES[error.type].message}`
      : (error.type ?? 'unknown error')
  }
  if (error instanceof TimeoutFailure) return `no sign of life from the worker (${error.timeoutType})`
  return error?.name ?? 'unknown error'
}
