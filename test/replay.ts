import type { Client } from '@temporalio/client'
import type { DataConverter } from '@temporalio/common'
import { Worker } from '@temporalio/worker'
import { inject } from 'vitest'
import { statusClient } from '../runtime/statusClient.ts'

/** Replays every workflow that ran on a queue; throws when one of them would now decide otherwise than it did. */
export async function replayHistories(
  temporal: Client,
  taskQueue: string,
  dataConverter: DataConverter,
): Promise<number> {
  const looking = statusClient(temporal.connection, temporal.options.namespace)
  const executions = looking.workflow.list({ query: `TaskQueue = '${taskQueue}'` })
  const results = Worker.runReplayHistories(
    {
      workflowBundle: { codePath: inject('workflowBundlePath') },
      replayName: taskQueue,
      dataConverter,
    },
    executions.intoHistories({ concurrency: 4 }),
  )
  let replayed = 0
  for await (const { workflowId, error } of results) {
    if (error) throw new Error(`${workflowId} does not replay`, { cause: error })
    replayed += 1
  }
  return replayed
}
