import { setTimeout as sleep } from 'node:timers/promises'
import { ServerUnreachableError } from './errors.ts'

const LONGEST_PAUSE_MS = 5000
/** What the retries of one call take together (`runtime/grpcRetries.ts`), or those of Temporal's own connections. */
const RETRIES_MS = 20_000

/** How long an operation that waits may outlive a server that does not answer. */
export const DEFAULT_MAX_OUTAGE_MS = 300_000

/**
 * Calls again while the server does not answer, until that has lasted `maxOutageMs`. Throws what the call throws otherwise,
 * and the signal's reason at once when it aborts.
 */
export async function throughOutages<T>(
  call: () => Promise<T>,
  { maxOutageMs, signal }: { maxOutageMs: number; signal: AbortSignal },
): Promise<T> {
  let failingSinceMs: number | null = null
  for (let pauseMs = 250; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted()
    const calledMs = Date.now()
    try {
      return await unlessAborted(call, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ServerUnreachableError)) throw error
      // Of a long poll that was held for a while, no more than the retries at its end have failed.
      const sinceMs = Math.max(calledMs, Date.now() - RETRIES_MS)
      if (failingSinceMs === null || calledMs < sinceMs) failingSinceMs = sinceMs
      if (Date.now() - failingSinceMs > maxOutageMs) throw error
    }
    await pause(pauseMs, signal)
  }
}

/**
 * The call's result, or the signal's reason at once when it aborts. What then becomes of the call is nobody's: Temporal's
 * client cancels the first attempt of a call only, not a retry.
 */
async function unlessAborted<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave)
    const over = () => signal.removeEventListener('abort', leave)
    call().then(resolve, reject).finally(over)
  })
}

/** Sleeps; throws the signal's reason at once when it aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}
