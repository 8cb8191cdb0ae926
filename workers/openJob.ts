import { Client, type ConnectionLike, WorkflowNotFoundError } from '@temporalio/client'
import { workflowIds } from '../jobs/searchAttributes.ts'

/** Tells whether a job's workflow is still open; rejects while Temporal is away. */
export function createIsJobOpen(connection: ConnectionLike, namespace: string) {
  const { workflow } = new Client({ connection, namespace })
  return async function isJobOpen(jobId: string): Promise<boolean> {
    try {
      const { status } = await workflow.getHandle(workflowIds.job(jobId)).describe()
      return status.name === 'RUNNING'
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false
      throw error
    }
  }
}
