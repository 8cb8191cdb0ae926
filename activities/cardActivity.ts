import { Context } from '@temporalio/activity'
import { CancelledFailure } from '@temporalio/common'
import type { RenderProgress } from '../jobs/status.ts'

/** Temporal's liveness: well below the heartbeat time-out of 30 s, also while nothing moves. */
const HEARTBEAT_MS = 4000

export interface CardHooks {
  signal: AbortSignal
  onProgress: (progress: RenderProgress) => void
  /** True when the attempt was lost without anybody asking to stop: Temporal was away, or this worker is shutting down. */
  keepRenderingOnAbort: () => boolean
}

/**
 * Runs work on the card inside an activity: heartbeats its progress, and when it is cancelled tells whether the card had
 * begun (`held`), so that the workflow can tell an aborted job from a canceled one.
 */
export async function withCardHeartbeats<T>(work: (hooks: CardHooks) => Promise<T>): Promise<T> {
  const context = Context.current()
  let progress: RenderProgress = {
    phase: 'waiting for the card',
    step: 0,
    total: 0,
    held: heldBefore(context),
  }
  const beat = () => context.heartbeat(progress)
  const timer = setInterval(beat, HEARTBEAT_MS)
  beat()
  try {
    return await work({
      signal: context.cancellationSignal,
      onProgress: next => {
        progress = { ...next, held: next.held || progress.held }
        beat()
      },
      keepRenderingOnAbort: () => context.cancellationDetails?.cancelRequested !== true,
    })
  } catch (error) {
    if (context.cancellationSignal.aborted) throw new CancelledFailure('cancelled', [{ held: progress.held }])
    throw error
  } finally {
    clearInterval(timer)
  }
}

/** An earlier attempt may have had the card already. */
function heldBefore(context: Context): boolean {
  const details: unknown = context.info.heartbeatDetails
  return typeof details === 'object' && details !== null && 'held' in details && details.held === true
}
