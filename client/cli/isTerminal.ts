import type { OutputStream } from './session.ts'

/** Some pseudo-terminals have no size; nothing can be drawn on those. */
export function isTerminal(stream: OutputStream): stream is NodeJS.WriteStream {
  return stream.isTTY === true && (stream.columns ?? 0) > 0
}
