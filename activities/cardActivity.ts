import { Context } from '@temporalio/activity'
import { CancelledFailure } from '@temporalio/common'
import { type RenderHeartbeat, type RenderHome, readHeartbeat } from '../jobs/renderHeartbeat.ts'
import type { JobPhase, RenderProgress } from '../jobs/status.ts'
import { confirmAttempt } from './currentAttempt.ts'
import { keepBeating } from './heartbeats.ts'

/** Temporal's liveness: well below the heartbeat time-out, also while nothing moves. */
const BEATS_PER_TIMEOUT = 7

export interface CardHooks {
  signal: AbortSignal
  onProgress: (progress: RenderProgress) => void
  /** True when the attempt was lost without anybody asking to stop: Temporal was away, or this worker is shutting down. */
  keepRenderingOnAbort: () => boolean
  /** Attempts before this one that the inference program died of, on any host. */
  killsBefore: number
  /** Resolves once Temporal has said that it counts on this attempt; rejects when it is given up. */
  confirm: () => Promise<void>
}

/**
 * Runs work on the card inside an activity, once Temporal has confirmed the attempt: heartbeats its progress, and when it
 * is cancelled tells whether the card had begun (`held`), so that the workflow can tell an aborted job from a canceled one.
 * With a `hostId` the heartbeats name the render's home, until it is over there.
 */
export async function withCardHeartbeats<T>(
  work: (hooks: CardHooks) => Promise<T>,
  hostId: string | null = null,
): Promise<T> {
  const context = Context.current()
  let home: RenderHome | null = hostId === null ? null : { hostId, begun: false }
  // An earlier attempt may have had the card already, and the program may have died of it.
  const { held = false, kills: killsBefore = 0 } = readHeartbeat(context.info.heartbeatDetails) ?? {}
  let progress = { phase: 'waiting for the card' as JobPhase, step: 0, total: 0, held, kills: killsBefore }
  const told = (): RenderHeartbeat => ({ ...progress, home })
  const beat = () => context.heartbeat(told())
  const stopBeating = keepBeating(context, beat, BEATS_PER_TIMEOUT)
  /** The worker shuts down before the render has had the card: another host need not wait for this one. */
  const isLeaving = () => context.cancellationDetails?.workerShutdown === true && home?.begun === false
  try {
    const confirm = () => confirmAttempt(context, told())
    await confirm()
    return await work({
      confirm,
      signal: context.cancellationSignal,
      onProgress: next => {
        progress = { ...next, held: next.held || progress.held, kills: next.kills ?? progress.kills }
        if (next.held && home !== null) home.begun = true
        beat()
      },
      keepRenderingOnAbort: () => context.cancellationDetails?.cancelRequested !== true && !isLeaving(),
      killsBefore,
    })
  } catch (error) {
    const { aborted } = context.cancellationSignal
    if (!aborted || isLeaving()) {
      // It is over here: the next attempt may be made anywhere.
      home = null
      beat()
    }
    if (aborted) throw new CancelledFailure('cancelled', [told()])
    throw error
  } finally {
    stopBeating()
  }
}
