import type { Context } from '@temporalio/activity'
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityPausedError,
  ActivityResetError,
} from '@temporalio/client'

const ANSWER_MS = 10_000
const PAUSE_MS = 500

/**
 * Returns once Temporal has said that it counts on this attempt; `details` are what a heartbeat tells. A task may come out
 * of a connection that hung, after its time-out, when another machine is at the work: that cannot be told by the task
 * itself. Rejects with the reason when the attempt is given up, and waits for as long as Temporal cannot be asked.
 */
export async function confirmAttempt(context: Context, details: unknown): Promise<void> {
  const { client, info, cancelled, cancellationSignal } = context
  for (;;) {
    try {
      const asked = client.withDeadline(Date.now() + ANSWER_MS, () =>
        client.activity.heartbeat(info.taskToken, details),
      )
      return await Promise.race([asked, cancelled])
    } catch (error) {
      cancellationSignal.throwIfAborted()
      if (isGivenUp(error)) {
        // The worker's own heartbeat hears the same, and gives the reason.
        context.heartbeat(details)
        return await cancelled
      }
      await context.sleep(PAUSE_MS)
    }
  }
}

function isGivenUp(error: unknown): boolean {
  return [ActivityNotFoundError, ActivityCancelledError, ActivityPausedError, ActivityResetError].some(
    known => error instanceof known,
  )
}
