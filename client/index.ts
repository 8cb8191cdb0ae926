/** The SDK's one public entry. */

export type { CallbackBody } from '../jobs/callback.ts'
export type { CardStatus, LaneMode, LaneStatus, MemoryStatus } from '../jobs/cardStatus.ts'
export { FAILURES, type FailureCode, type FailureRow } from '../jobs/failures.ts'
export type { JobPayload } from '../jobs/jobPayload.ts'
export type { JobType, Lane } from '../jobs/jobTypes.ts'
export type { CallbackMetadata } from '../jobs/metadataKeys.ts'
export type { ReferenceMode } from '../jobs/plan.ts'
export type { UploadedAsset } from '../jobs/receipt.ts'
export type { CallbackStatus } from '../jobs/searchAttributes.ts'
export type { JobPhase, JobStatus } from '../jobs/status.ts'
export { type ClientConfig, parseClientConfig } from '../runtime/clientConfig.ts'
export { ConfigError } from '../runtime/config.ts'
export { clientDataConverter } from '../runtime/dataConverter.ts'
export type { JobOutcome } from '../workflows/types.ts'
export type { CancelResult } from './cancel.ts'
export type { CardControl, CardOptions } from './card.ts'
export { type ConnectedPipelineClient, connectPipelineClient } from './connect.ts'
export * from './errors.ts'
export type { JobSummary } from './jobSummary.ts'
export type { JobView } from './jobView.ts'
export type { ListFilter } from './listQuery.ts'
export { createPipelineClient, type PipelineClient, type PipelineClientOptions } from './pipelineClient.ts'
export type {
  QuarantineControl,
  QuarantineResult,
  QuarantineView,
  RejectOptions,
  ReleaseOptions,
} from './quarantine.ts'
export type { RedeliverResult } from './redeliver.ts'
export type { ResultOptions } from './result.ts'
export type { SubmitResult } from './submit.ts'
export type { WatchOptions } from './watch.ts'
