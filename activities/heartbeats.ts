import { Context } from '@temporalio/activity'

const BEATS_PER_TIMEOUT = 6
const USUAL_TIMEOUT_MS = 30_000

/** Beats so often within the activity's heartbeat time-out. Gives what ends it. */
export function keepBeating(context: Context, beat: () => void, beatsPerTimeout: number): () => void {
  const timer = setInterval(beat, (context.info.heartbeatTimeoutMs ?? USUAL_TIMEOUT_MS) / beatsPerTimeout)
  return () => clearInterval(timer)
}

export interface Heartbeats {
  /** Aborted when the activity is cancelled. */
  signal: AbortSignal
  /** What the last attempt reported before it ended. */
  reported: unknown
  /** Reports progress that the next attempt may build on. */
  report(details: unknown): void
}

/** Runs an activity's work with a heartbeat every few seconds, without which Temporal could not tell it of a cancellation. */
export async function withHeartbeats<T>(work: (heartbeats: Heartbeats) => Promise<T>): Promise<T> {
  const context = Context.current()
  const signal = context.cancellationSignal
  let details: unknown = context.info.heartbeatDetails
  const beat = () => context.heartbeat(details)
  const stopBeating = keepBeating(context, beat, BEATS_PER_TIMEOUT)
  beat()
  try {
    return await work({
      signal,
      reported: details,
      report(next) {
        details = next
        beat()
      },
    })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw error
  } finally {
    stopBeating()
  }
}
