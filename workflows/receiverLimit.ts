import { scaledMs } from './timeScale.ts'
import type { JobSettings } from './types.ts'

/** The receiver runs for at most this long (a Supabase edge function's limit), so after it an unknown delivery is over. */
export const RECEIVER_LIMIT_MS = 400_000

/** Longest that one delivery attempt is under way by Temporal's count, for the time limit of its request. */
export function attemptLimitMs(settings: Pick<JobSettings, 'callbackTimeoutMs' | 'timeScale'>): number {
  return 2 * settings.callbackTimeoutMs + scaledMs(settings, 5000)
}
