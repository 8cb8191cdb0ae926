/** Workflow ids: a job is found by its own id. The ids are UUIDs by the time they get here, that of a host is queue-safe. */
export const workflowIds = {
  job: (jobId: string) => `job-${jobId}`,
  callback: (jobId: string) => `callback-${jobId}`,
  removeAssets: (jobId: string) => `remove-assets-${jobId}`,
  cardCommand: (hostId: string, commandId: string) => `card-${hostId}-${commandId}`,
} as const

/** The id of the job whose workflow has this id. */
export function jobIdOf(jobWorkflowId: string): string {
  return jobWorkflowId.slice(workflowIds.job('').length)
}
