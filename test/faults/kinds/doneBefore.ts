import { setTimeout as sleep } from 'node:timers/promises'
import { workflowIds } from '../../../jobs/workflowIds.ts'
import { millis } from '../../../runtime/protoTime.ts'
import type { World } from '../world/world.ts'

/** Temporal may be getting up again. */
const PATIENCE_MS = 20_000
const POLL_MS = 500

/** Whether Temporal had the completion of a job's activity before this time (ms since 1970). Throws when it cannot be asked. */
export async function doneBefore(
  { client }: World,
  jobId: string,
  activity: string,
  atMs: number,
): Promise<boolean> {
  const handle = client.workflow.getHandle(workflowIds.job(jobId))
  const untilMs = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      const { events } = await handle.fetchHistory()
      const scheduled = new Set(
        (events ?? [])
          .filter(event => event.activityTaskScheduledEventAttributes?.activityType?.name === activity)
          .map(({ eventId }) => String(eventId)),
      )
      return (events ?? []).some(
        event =>
          scheduled.has(String(event.activityTaskCompletedEventAttributes?.scheduledEventId)) &&
          millis(event.eventTime) < atMs,
      )
    } catch (error) {
      if (Date.now() > untilMs) throw error
      await sleep(POLL_MS)
    }
  }
}
