import { setTimeout as sleep } from 'node:timers/promises'

export interface RetryOptions {
  /** How long to go on trying. 0: once. */
  waitMs: number
  signal?: AbortSignal
  /** Called before each pause. */
  onRetry?: (error: unknown, attempt: number) => void
}

/** Tries until it succeeds, fails finally, or `waitMs` are over; then throws the last error. Pauses grow from 0.2 to 3 s. */
export async function retryFor<T>(
  { waitMs, signal, onRetry, isFinal }: RetryOptions & { isFinal(error: unknown): boolean },
  attempt: () => Promise<T>,
): Promise<T> {
  const endsAt = Date.now() + waitMs
  for (let count = 1; ; count++) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      const pauseMs = Math.min(200 * 2 ** (count - 1), 3_000)
      if (isFinal(error) || Date.now() + pauseMs > endsAt) throw error
      onRetry?.(error, count)
      await sleep(pauseMs, undefined, signal ? { signal } : {})
    }
  }
}
