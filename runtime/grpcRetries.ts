import { setTimeout as sleep } from 'node:timers/promises'
import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client'

/** Of one call that the server does not answer: all retries together take some 8 s. */
const LONGEST_PAUSE_MS = 1_000
/** gRPC's RESOURCE_EXHAUSTED: the server has asked for less, so Temporal's own, longer pauses stand. */
const RESOURCE_EXHAUSTED = 8
const MARGIN_MS = 20

export interface GrpcRetries {
  interceptor: NonNullable<ConnectionOptions['interceptors']>[number]
  /** Resolves when no retry will come any more, and the connection may be closed. */
  end(): Promise<void>
}

/**
 * Temporal's retries of a call that failed, which can be ended. Its own go on after a connection was closed, from a timer
 * whose error nobody can catch, and end the process.
 */
export function createGrpcRetries(): GrpcRetries {
  const usual = defaultGrpcRetryOptions()
  let ended = false
  let lastRetryAtMs = 0
  return {
    interceptor: makeGrpcRetryInterceptor({
      retryableDecider: (attempt, status) => !ended && usual.retryableDecider(attempt, status),
      delayFunction(attempt, status) {
        const usualMs = usual.delayFunction(attempt, status)
        const delayMs = status.code === RESOURCE_EXHAUSTED ? usualMs : Math.min(usualMs, LONGEST_PAUSE_MS)
        lastRetryAtMs = Math.max(lastRetryAtMs, Date.now() + delayMs)
        return delayMs
      },
    }),
    async end() {
      ended = true
      const leftMs = lastRetryAtMs - Date.now()
      if (leftMs > 0) await sleep(leftMs + MARGIN_MS)
    },
  }
}
