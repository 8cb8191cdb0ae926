export type Blame = 'user' | 'system'

export interface FailureRow {
  retryable: boolean
  blame: Blame
  /** What the app may show to its user. Never holds a prompt, an address or a secret. */
  message: string
}

/** Every way a job can fail. One row per code: whether a retry can help, whose fault it is, what its user is told. */
export const FAILURES = {
  invalid_job: { retryable: false, blame: 'user', message: 'The request is not valid.' },
  policy_refused: { retryable: false, blame: 'user', message: 'This prompt is not allowed.' },
  reference_forbidden: { retryable: false, blame: 'user', message: 'The reference image may not be used.' },
  reference_not_found: { retryable: false, blame: 'user', message: 'The reference image was not found.' },
  reference_unreachable: {
    retryable: true,
    blame: 'user',
    message: 'The reference image could not be fetched.',
  },
  reference_too_large: { retryable: false, blame: 'user', message: 'The reference image is too large.' },
  reference_not_image: {
    retryable: false,
    blame: 'user',
    message: 'The reference is not an image we can read.',
  },
  reference_corrupt: { retryable: false, blame: 'user', message: 'The reference image is damaged.' },
  model_missing: {
    retryable: false,
    blame: 'system',
    message: 'A model that this job needs is not installed.',
  },
  out_of_memory: { retryable: true, blame: 'system', message: 'The GPU ran out of memory.' },
  card_too_small: {
    retryable: false,
    blame: 'system',
    message: 'The job needs more GPU memory than there is.',
  },
  gpu_error: { retryable: true, blame: 'system', message: 'The GPU reported an error.' },
  engine_rejected: { retryable: false, blame: 'system', message: 'The inference program refused the job.' },
  engine_crashed: { retryable: true, blame: 'system', message: 'The inference program ended unexpectedly.' },
  engine_silent: { retryable: true, blame: 'system', message: 'The inference program stopped answering.' },
  poisoned: {
    retryable: false,
    blame: 'system',
    message: 'The inference program ends whenever it tries the job.',
  },
  quarantine_rejected: {
    retryable: false,
    blame: 'system',
    message: 'The job could not be rendered safely.',
  },
  quarantine_expired: {
    retryable: false,
    blame: 'system',
    message: 'The job could not be rendered safely, and was given up.',
  },
  engine_output_invalid: {
    retryable: true,
    blame: 'system',
    message: 'The inference program made no usable file.',
  },
  engine_internal: { retryable: true, blame: 'system', message: 'The inference program failed.' },
  card_seconds_exceeded: { retryable: false, blame: 'system', message: 'The job used the GPU for too long.' },
  disk_full: { retryable: true, blame: 'system', message: 'The machine has no disk space left.' },
  store_refused: { retryable: false, blame: 'system', message: 'The storage refused the file.' },
  store_unavailable: { retryable: true, blame: 'system', message: 'The storage could not be reached.' },
  staged_lost: { retryable: false, blame: 'system', message: 'A prepared file is gone.' },
  render_lost: { retryable: true, blame: 'system', message: 'The rendered files are gone.' },
  deadline_exceeded: { retryable: false, blame: 'system', message: 'The job was not finished in time.' },
  aborted: { retryable: false, blame: 'user', message: 'The job was cancelled before it started.' },
  canceled: { retryable: false, blame: 'user', message: 'The job was cancelled.' },
  terminated: { retryable: false, blame: 'system', message: 'The job was stopped by an operator.' },
  stuck: { retryable: false, blame: 'system', message: 'The job stopped making progress.' },
  internal: { retryable: true, blame: 'system', message: 'An unexpected error occurred.' },
} as const satisfies Record<string, FailureRow>

export type FailureCode = keyof typeof FAILURES

export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(FAILURES, value)
}

/** A known failure. `message` is for operators and may name addresses and files; the user sees the table's text. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure'
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  get retryable(): boolean {
    return FAILURES[this.code].retryable
  }
}
