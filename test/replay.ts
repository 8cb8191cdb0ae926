import type { Client } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import { inject } from 'vitest'

/** Replays every workflow that ran on a queue; throws when one of them would now decide otherwise than it did. */
export async function replayHistories(temporal: Client, taskQueue: string): Promise<number> {
  const executions = temporal.workflow.list({ query: `TaskQueue = '${taskQueue}'` })
  const results = Worker.runReplayHistories(
    {
      workflowBundle: { codePath: inject('workflowBundlePath') },
      replayName: taskQueue,
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
