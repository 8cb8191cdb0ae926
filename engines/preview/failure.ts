import type { engineErrorCodes } from '../protocol.ts'

export type EngineErrorCode = (typeof engineErrorCodes)[number]

const LASTING: readonly EngineErrorCode[] = ['invalid_input', 'model_missing']

/** A failure of one job, with a code of the protocol. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure'
  readonly code: EngineErrorCode

  constructor(code: EngineErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  get retryable(): boolean {
    return !LASTING.includes(this.code)
  }
}

/** What went wrong, in terms of the protocol. Anything unknown is `internal`. */
export function asEngineFailure(error: unknown): EngineFailure {
  if (error instanceof EngineFailure) return error
  const message = error instanceof Error ? error.message : String(error)
  const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC'
  return new EngineFailure(full ? 'disk_full' : 'internal', message, { cause: error })
}
