import type { ConnectionLike } from '@temporalio/client'
import { workflowIds } from '../jobs/workflowIds.ts'
import { orNull } from '../runtime/orNull.ts'
import { statusClient } from '../runtime/statusClient.ts'
import { attributeKeys } from '../workflows/attributeKeys.ts'

/**
 * Tells the state of a job's workflow, `RUNNING` (also of one that is paused) or how it closed, null if there is none; rejects
 * while Temporal is away.
 */
export function createJobStatus(connection: ConnectionLike, namespace: string) {
  const describe = createDescribe(connection, namespace)
  return async function jobStatus(jobId: string): Promise<string | null> {
    const name = (await describe(jobId))?.status.name ?? null
    return name === 'PAUSED' ? 'RUNNING' : name
  }
}

/** Tells whether a later run of the job than the given one, after a reset, has told its end; rejects while Temporal is away. */
export function createToldSince(connection: ConnectionLike, namespace: string) {
  const describe = createDescribe(connection, namespace)
  return async (jobId: string, runId: string): Promise<boolean> => {
    const last = await describe(jobId)
    if (last === null || last.runId === runId) return false
    return last.typedSearchAttributes.get(attributeKeys.callbackStatus) === 'delivered'
  }
}

function createDescribe(connection: ConnectionLike, namespace: string) {
  const { workflow } = statusClient(connection, namespace)
  return (jobId: string) => orNull(workflow.getHandle(workflowIds.job(jobId)).describe())
}
