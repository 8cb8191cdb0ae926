import { ConfigError } from '../../runtime/config.ts'
import { PipelineError, type PipelineErrorCode } from '../errors.ts'
import { EXIT, type ExitCode } from './exitCodes.ts'

export interface Explanation {
  /** One line (a configuration error: one per variable) that says what to do. */
  line: string
  exitCode: ExitCode
}

/** The input of a command is not usable: a file is missing, or holds no JSON. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const EXIT_CODES: Record<PipelineErrorCode, ExitCode> = {
  invalid_payload: EXIT.usage,
  payload_too_large: EXIT.usage,
  invalid_argument: EXIT.usage,
  job_conflict: EXIT.conflict,
  job_not_found: EXIT.notFound,
  job_still_running: EXIT.conflict,
  nothing_to_redeliver: EXIT.notFound,
  not_quarantined: EXIT.conflict,
  job_failed: EXIT.jobFailed,
  job_canceled: EXIT.jobFailed,
  card_unreachable: EXIT.unreachable,
  card_command_failed: EXIT.jobFailed,
  server_unreachable: EXIT.unreachable,
  server_refused: EXIT.unreachable,
  client_closed: EXIT.unreachable,
  payload_unreadable: EXIT.usage,
}

/** What a person is told about an error, and what a script. `temporalAddress` is null before the configuration is read. */
export function explain(error: unknown, temporalAddress: string | null): Explanation {
  if (error instanceof PipelineError) {
    const lost = error.code === 'server_unreachable' && !neverReached(error.cause)
    return { line: lost ? lostText(temporalAddress) : error.message, exitCode: EXIT_CODES[error.code] }
  }
  if (error instanceof ConfigError || error instanceof UsageError)
    return { line: error.message, exitCode: EXIT.usage }
  return { line: error instanceof Error ? error.message : String(error), exitCode: EXIT.unexpected }
}

/** By name, as its class would bring the whole Temporal SDK into `--help`. */
function neverReached(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'TemporalUnreachableError'
}

function lostText(address: string | null): string {
  return `Temporal${address ? ` at ${address}` : ''} stopped answering. The jobs are safe; is it still running?`
}
