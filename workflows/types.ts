import type { CallbackEvent } from '../jobs/callback.ts'
import type { CardCommand } from '../jobs/cardCommand.ts'
import type { CardStatus } from '../jobs/cardStatus.ts'
import type { FailureCode } from '../jobs/failures.ts'
import type { JobType } from '../jobs/jobTypes.ts'
import type { AssetOwner } from '../jobs/objectPaths.ts'
import type { ReferenceMode } from '../jobs/plan.ts'
import type { RenderReceipt, UploadedAsset } from '../jobs/receipt.ts'
import type { TerminalStatus } from '../jobs/status.ts'

/** Types of the failures of a card's command: nobody took it in time, or it could not be carried out. */
export const CARD_FAILURES = { unreachable: 'card_unreachable', failed: 'card_command_failed' } as const

export interface GenerateMediaInput {
  /** The producer's payload, as it came; `planJob` is the only reader. Its `id` and `user_id` were checked by the client. */
  payload: unknown
}

/** `deliverCallbackWorkflow`'s. */
export interface DeliverCallbackInput {
  event: CallbackEvent
  /** The job's run whose end this event tells. Once a later run, after a reset, has told its own end, the event is dropped. */
  runId?: string
  /** The receiver has it already, and only the repetition is left to do. */
  delivered?: boolean
  /** The receiver has refused it for good: it is only kept, to be delivered by hand. */
  refused?: boolean
  /** Until then an attempt of somebody else may be under way (ms since 1970). */
  notBeforeMs?: number
  /** When the receiver can no longer be working on an earlier event whose outcome stayed unknown (ms since 1970). */
  repeatAtMs?: number | null
}

/** `removeAssetsWorkflow`'s. */
export interface RemoveAssetsInput extends AssetOwner, Pick<JobSettings, 'timeScale'> {
  bucket: string
  images: number
}

/** `cardCommandWorkflow`'s. */
export interface CardCommandInput extends CardCommand {
  hostId: string
  /** How long the GPU worker may take to answer. */
  answerWithinMs: number
}

/** Kept in the workflow's memo, the payload as its hash: tells a second submit of the same job from a conflicting one. */
export interface JobMemo {
  userId: string
  /** sha256 of the payload as canonical JSON, in hex. */
  payloadSha256: string
}

/** A failure as it leaves the workflow: `message` may be shown to the app's user, `detail` is for operators. */
export interface FailureView {
  code: FailureCode
  message: string
  detail: string
}

/** How a job ended: the workflow's result when completed, the first detail of its failure otherwise. */
export interface JobOutcome {
  jobId: string
  status: TerminalStatus
  type: JobType | null
  referenceMode: ReferenceMode | null
  bucket: string | null
  /** In order, complete when `status` is `completed`, empty otherwise. */
  assets: UploadedAsset[]
  seed: number | null
  enhancedPrompt: string | null
  receipt: RenderReceipt | null
  failure: FailureView | null
}

/** What an installation decides and a workflow must know; read once per job, so that a replay sees the same. */
export interface JobSettings {
  callbacks: boolean
  /** One delivery attempt's time limit. */
  callbackTimeoutMs: number
  /** How long the delivery workflow keeps trying. */
  callbackRetryMs: number
  usage: boolean
  /** How long a host that holds rendered files may be away before the job is rendered again elsewhere. */
  hostLostMs: number
  deadlineFactor: number
  /** How long a job waits in quarantine for an operator. */
  quarantineMs: number
  /** Factor of the durations that the workflows' own code names; 1 where it is absent. The durations above contain it. */
  timeScale?: number
}

/** What each workflow takes and gives, for those who start it and must not load its code: `start<Workflows['…']>(…)`. */
export interface Workflows {
  generateMediaWorkflow: (input: GenerateMediaInput) => Promise<JobOutcome>
  deliverCallbackWorkflow: (input: DeliverCallbackInput) => Promise<{ attempts: number }>
  removeAssetsWorkflow: (input: RemoveAssetsInput) => Promise<void>
  cardCommandWorkflow: (input: CardCommandInput) => Promise<CardStatus>
}
