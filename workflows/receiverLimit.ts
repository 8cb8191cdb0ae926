/** The receiver runs for at most this long (a Supabase edge function's limit), so after it an unknown delivery is over. */
export const RECEIVER_LIMIT_MS = 400_000

/** Longest that one delivery attempt is under way by Temporal's count, for a given time limit of its request. */
export function attemptLimitMs(callbackTimeoutMs: number): number {
  return 2 * callbackTimeoutMs + 5000
}
