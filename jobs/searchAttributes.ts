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
