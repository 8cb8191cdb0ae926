import type { ConnectionLike } from '@temporalio/client'
import { millis } from './protoTime.ts'

/** Temporal's enumeration TaskQueueType; the module that holds it gives no names to ESM. */
const TASK_QUEUE_TYPE = { workflow: 1, activity: 2 } as const

export type QueueKind = keyof typeof TASK_QUEUE_TYPE

/**
 * When each worker that asks a queue for work last began or ended doing so: ms since the epoch by Temporal's clock, by the
 * worker's identity. One that is gone stays listed for some 5 minutes.
 */
export async function queuePollers(
  { workflowService }: Pick<ConnectionLike, 'workflowService'>,
  namespace: string,
  queue: string,
  kind: QueueKind,
): Promise<Map<string, number>> {
  const { pollers } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: TASK_QUEUE_TYPE[kind],
  })
  return new Map(pollers?.map(({ identity, lastAccessTime }) => [identity ?? '', millis(lastAccessTime)]))
}
