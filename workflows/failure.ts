import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow'
import { FAILURES, type FailureCode, isFailureCode } from '../jobs/failures.ts'
import { type RenderHeartbeat, type RenderHome, readHeartbeat } from '../jobs/renderHeartbeat.ts'
import type { FailureView } from './types.ts'

export function failureView(code: FailureCode, detail: string): FailureView {
  return { code, message: FAILURES[code].message, detail }
}

/** What an activity threw, out of what calling it threw. */
function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? error.cause : error
}

/** Translates what an activity call threw into a row of the failure table. */
export function whyItFailed(error: unknown): FailureView {
  const cause = causeOf(error)
  if (cause instanceof ApplicationFailure && isFailureCode(cause.type))
    return failureView(cause.type, cause.message)
  if (isHostSilent(cause)) return failureView('render_lost', 'the host that holds the files did not answer')
  if (cause instanceof TimeoutFailure)
    return failureView('internal', `an activity timed out: ${cause.timeoutType}`)
  return failureView('internal', cause instanceof Error ? cause.message : String(cause))
}

/** Whether an attempt of `generate` or `enhancePrompt` that was stopped, or died, had had the card, by its own account. */
export function wasHeld(error: unknown): boolean {
  const cause = causeOf(error)
  if (cause instanceof CancelledFailure) return readHeartbeat(cause.details[0])?.held ?? false
  return lastHeartbeat(cause)?.held ?? false
}

/** Where the last attempt of `generate` was heard of, when that is no more; null where nothing is known of it. */
export function lastHome(error: unknown): RenderHome | null {
  return lastHeartbeat(causeOf(error))?.home ?? null
}

function lastHeartbeat(cause: unknown): RenderHeartbeat | null {
  return cause instanceof TimeoutFailure ? readHeartbeat(cause.lastHeartbeatDetails) : null
}

/** Nobody took a task of the host's own queue in time: the host is gone, or busy. Only what needs one host has that time limit. */
export function isHostSilent(error: unknown): boolean {
  const cause = causeOf(error)
  return cause instanceof TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START'
}

/**
 * The last attempt ended for a reason that is not the job's. It was heard of no more, as its worker died or Temporal was away
 * for longer than a heartbeat may be late; or it came to a worker that was shutting down, which refuses it, and it counts.
 */
export function isAttemptWasted(error: unknown): boolean {
  const cause = causeOf(error)
  if (cause instanceof TimeoutFailure) return cause.timeoutType === 'HEARTBEAT'
  return cause instanceof ApplicationFailure && cause.type === 'WorkerShutdown'
}
