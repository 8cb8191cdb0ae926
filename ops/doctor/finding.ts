export type FindingStatus = 'ok' | 'warn' | 'fail' | 'skipped'

/** What a check has found. `text` is one line: the fact and, unless all is well, what to do. */
export interface Finding {
  check: string
  status: FindingStatus
  text: string
}

export type Found = Omit<Finding, 'check'>

export const ok = (text: string): Found => ({ status: 'ok', text })
export const warn = (text: string): Found => ({ status: 'warn', text })
export const fail = (text: string): Found => ({ status: 'fail', text })
export const skipped = (text: string): Found => ({ status: 'skipped', text })

/** One thing that an operator can get wrong. It may throw: that is a failure with the error's message. */
export interface Check {
  name: string
  /** Longest that it may take. */
  limitMs: number
  run(): Promise<Found | Found[]>
}

/** An error in one line; `fetch failed` says nothing, its cause does. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error))
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  return oneLine(error.message === 'fetch failed' && error.cause ? reasonOf(error.cause) : error.message)
}

export function oneLine(text: string): string {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .join(' / ')
}
