import type { FailureCode } from './failures.ts'

/** The code of a job whose workflow was closed before it could tell its end, by the state that Temporal closed it in. */
export function closedCode(status: string): FailureCode {
  if (status === 'TERMINATED') return 'terminated'
  return status === 'TIMED_OUT' ? 'stuck' : 'internal'
}
