/** The barrel that Temporal's bundler starts from: every exported function is a workflow type. */
export { cardCommandWorkflow } from './cardCommand.ts'
export { deliverCallbackWorkflow } from './deliverCallback.ts'
export { generateMediaWorkflow } from './generateMedia.ts'
export { reconcileJobsWorkflow } from './reconcileJobs.ts'
export { removeAssetsWorkflow } from './removeAssets.ts'
