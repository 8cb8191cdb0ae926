import { workflowIds } from '../../jobs/workflowIds.ts'
import type { TestStack } from '../stack.ts'

/** Attempt numbers at which a job's activities of a type ended, in order. */
export async function attempts(
  { temporal }: Pick<TestStack, 'temporal'>,
  jobId: string,
  type: string,
): Promise<number[]> {
  const { events } = await temporal.workflow.getHandle(workflowIds.job(jobId)).fetchHistory()
  return (events ?? []).flatMap(event => {
    const started = event.activityTaskStartedEventAttributes
    const from = events?.find(({ eventId }) => started && eventId?.equals(started.scheduledEventId ?? -1))
    return from?.activityTaskScheduledEventAttributes?.activityType?.name === type
      ? [started?.attempt ?? 0]
      : []
  })
}
