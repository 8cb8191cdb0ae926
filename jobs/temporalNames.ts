/** Names that Temporal knows our code by, for those who must not load that code: clients, and readers of histories. */

export const WORKFLOW_TYPES = {
  generateMedia: 'generateMediaWorkflow',
  deliverCallback: 'deliverCallbackWorkflow',
  reconcileJobs: 'reconcileJobsWorkflow',
  removeAssets: 'removeAssetsWorkflow',
  cardCommand: 'cardCommandWorkflow',
} as const

/** Those that tell from a history how far a job has come. */
export const ACTIVITY_TYPES = { sendCallback: 'sendCallback', uploadAssets: 'uploadAssets' } as const

/** Of a callback's delivery. */
export const SIGNALS = { deliverNow: 'deliverNow', deliverInstead: 'deliverInstead' } as const
