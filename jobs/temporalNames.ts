/** Names that Temporal knows our code by, for those who must not load that code: clients, and readers of histories. */

export const WORKFLOW_TYPES = {
  generateMedia: 'generateMediaWorkflow',
  deliverCallback: 'deliverCallbackWorkflow',
  reconcileJobs: 'reconcileJobsWorkflow',
  removeAssets: 'removeAssetsWorkflow',
  cardCommand: 'cardCommandWorkflow',
} as const

/** All that a history shows as scheduled; local activities leave only a mark. */
export const ACTIVITY_TYPES = {
  fetchReferences: 'fetchReferences',
  preprocessFrames: 'preprocessFrames',
  enhancePrompt: 'enhancePrompt',
  generate: 'generate',
  uploadAssets: 'uploadAssets',
  sendCallback: 'sendCallback',
  recordUsage: 'recordUsage',
  removeAssets: 'removeAssets',
  sweepJobs: 'sweepJobs',
  controlCard: 'controlCard',
} as const
export type ActivityName = keyof typeof ACTIVITY_TYPES

/** Of a callback's delivery. */
export const SIGNALS = { deliverNow: 'deliverNow', deliverInstead: 'deliverInstead' } as const
