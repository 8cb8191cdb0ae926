import { callbackMetadata, renderMetadata } from './callbackMetadata.ts'
import { FAILURES, type FailureCode } from './failures.ts'
import type { CallbackMetadata } from './metadataKeys.ts'
import type { JobPlan, PlanError } from './plan.ts'
import type { RenderReceipt, UploadedAsset } from './receipt.ts'
import { WORKER_VERSION } from './version.ts'

/** What the receiver gets: the producers' standardized callback. */
export type CallbackBody = { job_id: string; metadata: CallbackMetadata } & (
  | { status: 'processing'; assets?: never; error_message?: never; enhancedPrompt?: never }
  | {
      status: 'completed'
      /** Object paths inside the bucket, or URLs: asset i belongs to the image row i. Complete. */
      assets: string[]
      /** Of enhanced types: what was drawn. */
      enhancedPrompt?: string
      error_message?: never
    }
  | {
      status: 'failed'
      /** For the app's user; the code is `metadata.error_type`. */
      error_message: string
      assets?: never
      enhancedPrompt?: never
    }
)
export const CALLBACK_BODY_STATUSES = [
  'processing',
  'completed',
  'failed',
] as const satisfies readonly CallbackBody['status'][]

/** One thing to tell the receiver. Deliveries are at-least-once; `id` and `sequence` are the same in each. */
export interface CallbackEvent {
  id: string
  /** 1 for `processing`, 2 for the terminal event. */
  sequence: number
  kind: 'processing' | 'terminal'
  body: CallbackBody
}

export interface CompletedJob {
  plan: JobPlan
  receipt: RenderReceipt
  /** As many as the plan asks for. */
  assets: readonly UploadedAsset[]
  enhancedPrompt: string | null
  enhancement: 'applied' | 'failed' | null
  /** That the rewriting of the prompt took, without waiting for the card. */
  enhanceMs: number
  /** Failure code of a reference that the producer allowed to do without. */
  referenceDropped: string | null
  /** ISO 8601. */
  at: string
}

export interface FailedJob {
  jobId: string
  /** null when the payload was no job. */
  plan: JobPlan | null
  failure: { code: FailureCode }
  planError: PlanError | null
  /** ISO 8601. */
  at: string
}

/** Marks the row as generating. `seed`: the payload's or the one chosen for it. */
export function processingEvent({ plan, seed }: { plan: JobPlan; seed: number }): CallbackEvent {
  return event('processing', {
    job_id: plan.jobId,
    status: 'processing',
    metadata: callbackMetadata(plan, { seed, worker_version: WORKER_VERSION }),
  })
}

/** The terminal event of a job whose assets are all uploaded. */
export function completedEvent(job: CompletedJob): CallbackEvent {
  const assets = job.assets.toSorted((a, b) => a.index - b.index)
  return event('terminal', {
    job_id: job.plan.jobId,
    status: 'completed',
    assets: assets.map(({ url, path }) => url ?? path),
    ...(job.enhancedPrompt === null ? {} : { enhancedPrompt: job.enhancedPrompt }),
    metadata: callbackMetadata(job.plan, {
      ...renderMetadata(job.plan, job.receipt, job.enhanceMs),
      num_images: assets.length,
      thumbnails: assets.map(({ thumbnailUrl, thumbnailPath }) => thumbnailUrl ?? thumbnailPath),
      enhancement: job.enhancement,
      reference_dropped: job.referenceDropped,
      completed_at: job.at,
      worker_version: WORKER_VERSION,
    }),
  })
}

/** The terminal event of every other job; a cancelled one is told as failed too, which its `error_type` tells apart. */
export function failedEvent({ jobId, plan, failure, planError, at }: FailedJob): CallbackEvent {
  return event('terminal', {
    job_id: jobId,
    status: 'failed',
    error_message: errorMessage(failure.code, planError),
    metadata: callbackMetadata(
      plan,
      { error_type: failure.code, error_timestamp: at, worker_version: WORKER_VERSION },
      plan ?? planError?.returned ?? null,
    ),
  })
}

/**
 * The event as a run of the job tells it. A job that was reset tells other things under the same sequence, and a receiver that
 * knows events by their ids must not pass over them.
 */
export function toldByRun(event: CallbackEvent, runId: string, firstRunId: string): CallbackEvent {
  return runId === firstRunId ? event : { ...event, id: `${event.id}_${runId.slice(0, 8)}` }
}

/** The table's text; an invalid job's producer also learns which field was wrong. */
function errorMessage(code: FailureCode, planError: PlanError | null): string {
  const { message } = FAILURES[code]
  return code === 'invalid_job' && planError !== null
    ? `${message} ${planError.field}: given ${planError.given}, allowed: ${planError.allowed}.`
    : message
}

function event(kind: CallbackEvent['kind'], body: CallbackBody): CallbackEvent {
  const sequence = kind === 'processing' ? 1 : 2
  return { id: `evt_${body.job_id}_${sequence}`, sequence, kind, body }
}
