import { WorkflowNotFoundError } from '@temporalio/client'

/** null where Temporal knows no such workflow. */
export async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null
    throw error
  }
}
