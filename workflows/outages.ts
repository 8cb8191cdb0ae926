import { sleep } from '@temporalio/workflow'
import type { FailureCode } from '../jobs/failures.ts'
import { MINUTE_MS, SECOND_MS } from './activities.ts'
import { isAttemptWasted, whyItFailed } from './failure.ts'
import { scaledMs } from './timeScale.ts'
import type { JobSettings } from './types.ts'

/** What kills every worker that it comes to must end somewhere. */
const LOST_ROUNDS_LIMIT = 3
const FIRST_PAUSE_MS = 10 * SECOND_MS
const LONGEST_PAUSE_MS = 5 * MINUTE_MS

/**
 * For a step whose attempts are used up: tells whether an outage has done that, and the step may be begun anew, after a pause.
 * Outages of the codes that are `lasting` may last until the job's deadline. Attempts that were heard of no more, or came to a
 * worker that was ending, have three rounds; a job that kills the workers on purpose is found out by its marks.
 */
export function outages(
  settings: JobSettings,
  lasting: readonly FailureCode[] = ['store_unavailable'],
): (error: unknown) => Promise<boolean> {
  let lostRounds = 0
  let pauseMs = scaledMs(settings, FIRST_PAUSE_MS)
  return async error => {
    const wasted = isAttemptWasted(error)
    if (!wasted && !lasting.includes(whyItFailed(error).code)) return false
    if (wasted) {
      lostRounds += 1
      return lostRounds <= LOST_ROUNDS_LIMIT
    }
    await sleep(pauseMs)
    pauseMs = Math.min(2 * pauseMs, scaledMs(settings, LONGEST_PAUSE_MS))
    return true
  }
}
