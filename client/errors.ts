import type { FailureCode } from '../jobs/failures.ts'
import type { JobOutcome } from '../workflows/types.ts'

export type PipelineErrorCode =
  | 'invalid_payload'
  | 'payload_too_large'
  | 'invalid_argument'
  | 'job_conflict'
  | 'job_not_found'
  | 'job_still_running'
  | 'nothing_to_redeliver'
  | 'not_quarantined'
  | 'job_failed'
  | 'job_canceled'
  | 'card_unreachable'
  | 'card_command_failed'
  | 'server_unreachable'
  | 'server_refused'
  | 'client_closed'
  | 'payload_unreadable'

/** Every error that this SDK throws on purpose. `code` is stable; `message` is one line for a person. */
export class PipelineError extends Error {
  override readonly name: string = 'PipelineError'
  readonly code: PipelineErrorCode

  constructor(code: PipelineErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The payload cannot become a job at all: it is no JSON object, or its `id` or `user_id` is no UUID. */
export class InvalidPayloadError extends PipelineError {
  override readonly name = 'InvalidPayloadError'

  constructor(message: string, options?: { cause?: unknown }) {
    super('invalid_payload', message, options)
  }
}

/** The payload is larger than Temporal takes in one piece. Pictures belong in storage, referenced by URL or path. */
export class PayloadTooLargeError extends PipelineError {
  override readonly name = 'PayloadTooLargeError'

  constructor(message: string) {
    super('payload_too_large', message)
  }
}

/** An id, filter or limit that this SDK was called with is not valid. */
export class InvalidArgumentError extends PipelineError {
  override readonly name = 'InvalidArgumentError'

  constructor(message: string) {
    super('invalid_argument', message)
  }
}

/** The id is taken by a job of another user or with another payload. Nothing of that job is told. */
export class JobConflictError extends PipelineError {
  override readonly name = 'JobConflictError'

  constructor(jobId: string) {
    super('job_conflict', `Job ${jobId} exists already with another user or another payload. Use a new id.`)
  }
}

/** No such job, or it ended longer ago than the namespace keeps its history. */
export class JobNotFoundError extends PipelineError {
  override readonly name = 'JobNotFoundError'

  constructor(jobId: string) {
    super('job_not_found', `There is no job ${jobId}.`)
  }
}

/** A job that runs still sends its own callback. */
export class JobStillRunningError extends PipelineError {
  override readonly name = 'JobStillRunningError'

  constructor(jobId: string) {
    super(
      'job_still_running',
      `Job ${jobId} is still running and will send its own callback. Wait for it, or cancel it.`,
    )
  }
}

/** The job ended, but no terminal callback was made for it: the installation has no receiver, or the sweep has not come by yet. */
export class NothingToRedeliverError extends PipelineError {
  override readonly name = 'NothingToRedeliverError'

  constructor(jobId: string) {
    super(
      'nothing_to_redeliver',
      `Job ${jobId} has no recorded terminal callback: CALLBACK_URL is not set, or the job was stopped by hand a moment ago (try again in a minute).`,
    )
  }
}

/** The job is not in quarantine: it never was, was released, or has ended. */
export class NotQuarantinedError extends PipelineError {
  override readonly name = 'NotQuarantinedError'

  constructor(jobId: string) {
    super('not_quarantined', `Job ${jobId} is not in quarantine.`)
  }
}

/** The job ended as failed. `userMessage` may be shown to the app's user; `message` is for operators. */
export class JobFailedError extends PipelineError {
  override readonly name = 'JobFailedError'
  readonly failureCode: FailureCode
  readonly userMessage: string
  readonly outcome: JobOutcome

  constructor(outcome: JobOutcome, failure: NonNullable<JobOutcome['failure']>) {
    super('job_failed', `Job ${outcome.jobId} failed (${failure.code}): ${failure.detail || failure.message}`)
    this.failureCode = failure.code
    this.userMessage = failure.message
    this.outcome = outcome
  }
}

/** The job was cancelled: before the card did anything for it (`outcome.status` is `aborted`), or later (`canceled`). */
export class JobCanceledError extends PipelineError {
  override readonly name = 'JobCanceledError'
  readonly outcome: JobOutcome

  constructor(outcome: JobOutcome) {
    super('job_canceled', `Job ${outcome.jobId} was cancelled (${outcome.status}).`)
    this.outcome = outcome
  }
}

/** No GPU worker of the host, or no control worker, took a command in time: it is not carried out, unless its answer was lost. */
export class CardUnreachableError extends PipelineError {
  override readonly name = 'CardUnreachableError'

  constructor(message: string, options?: { cause?: unknown }) {
    super('card_unreachable', message, options)
  }
}

/** The GPU worker could not carry a command out, as when its disk is full. */
export class CardCommandFailedError extends PipelineError {
  override readonly name = 'CardCommandFailedError'

  constructor(message: string, options?: { cause?: unknown }) {
    super('card_command_failed', message, options)
  }
}

/** Temporal did not answer in time, or not at all. Trying again later may help. */
export class ServerUnreachableError extends PipelineError {
  override readonly name = 'ServerUnreachableError'

  constructor(message: string, options?: { cause?: unknown }) {
    super('server_unreachable', message, options)
  }
}

/** Temporal answered and refused: credentials, namespace, or a search attribute that is not registered. */
export class ServerRefusedError extends PipelineError {
  override readonly name = 'ServerRefusedError'

  constructor(message: string, options?: { cause?: unknown }) {
    super('server_refused', message, options)
  }
}

/** What Temporal keeps of the job is encrypted with a key that this program does not have. The message names the key. */
export class PayloadUnreadableError extends PipelineError {
  override readonly name = 'PayloadUnreadableError'

  constructor(message: string, options?: { cause?: unknown }) {
    super('payload_unreadable', message, options)
  }
}

/** The client was closed, before this call or while it waited. */
export class ClientClosedError extends PipelineError {
  override readonly name = 'ClientClosedError'

  constructor(options?: { cause?: unknown }) {
    super('client_closed', 'The client was closed.', options)
  }
}
