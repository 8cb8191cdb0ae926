import { readableLine } from '../runtime/logLine.ts'
import { endOf, type ProcessEnd } from './ownedProcess.ts'

/** The embedded stack cannot start, or lost a part. The message says which, and how it ended. */
export class StackError extends Error {
  override readonly name = 'StackError'
}

/** How a part ended unasked, with its last words. */
export function describeCrash(end: ProcessEnd, when: string): string {
  const words = end.tail.map(line => `  ${readableLine(line).trimEnd()}`)
  return [`The ${endOf(end)} ${when}.`, ...words].join('\n')
}
