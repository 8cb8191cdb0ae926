import { type ConnectionLike, WorkflowNotFoundError } from '@temporalio/client'
import { workflowIds } from '../jobs/workflowIds.ts'
import { statusClient } from '../runtime/statusClient.ts'

/**
 * Tells the state of a job's workflow, `RUNNING` (also of one that is paused) or how it closed, null if there is none; rejects
 * while Temporal is away.
 */
export function createJobStatus(connection: ConnectionLike, namespace: string) {
  const { workflow } = statusClient(connection, namespace)
  return async function jobStatus(jobId: string): Promise<string | null> {
    try {
      const { status } = await workflow.getHandle(workflowIds.job(jobId)).describe()
      return status.name === 'PAUSED' ? 'RUNNING' : status.name
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null
      throw error
    }
  }
}
