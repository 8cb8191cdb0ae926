/**
 * Search attributes of a job, all of kind Keyword. They are never encrypted, so no prompt, no address and no file name
 * may stand in one.
 */
export const SEARCH_ATTRIBUTES = {
  jobType: 'JobType',
  userId: 'UserId',
  jobStatus: 'JobStatus',
  referenceMode: 'ReferenceMode',
  failureCode: 'FailureCode',
  callbackStatus: 'CallbackStatus',
} as const

/** `none`: the installation has no callback URL. `retrying`: the delivery workflow of the job is at it. */
export const CALLBACK_STATUSES = ['none', 'pending', 'retrying', 'delivered', 'undelivered'] as const
export type CallbackStatus = (typeof CALLBACK_STATUSES)[number]

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
