import type { ConnectionLike } from '@temporalio/client'
import proto from '@temporalio/proto'
import { millis } from './protoTime.ts'

const CALL_MS = 10_000
const { TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType

/**
 * When each worker that asks a queue for activities last began or ended doing so: ms since the epoch by Temporal's clock, by
 * the worker's identity. One that is gone stays listed for some 5 minutes.
 */
export async function activityPollers(
  connection: ConnectionLike,
  namespace: string,
  queue: string,
): Promise<Map<string, number>> {
  const { pollers } = await connection.withDeadline(Date.now() + CALL_MS, () =>
    connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: queue },
      taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
    }),
  )
  return new Map(pollers?.map(({ identity, lastAccessTime }) => [identity ?? '', millis(lastAccessTime)]))
}
