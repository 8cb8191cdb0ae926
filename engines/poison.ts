import { JobFailure } from '../jobs/failures.ts'

/** After so many deaths of its program, a job is tried once more alone and in low-memory mode; one death more, and no more. */
export const KILLS_BEFORE_ALONE = 2
export const MOST_KILLS = KILLS_BEFORE_ALONE + 1

/** What becomes of a job that has killed its program the last time. `last` says how. */
export function poisoned(last: unknown): JobFailure {
  const how = last instanceof Error ? ` ${last.message}` : ''
  return new JobFailure(
    'poisoned',
    `The inference program died of this job ${MOST_KILLS} times, the last time alone and in low-memory mode.${how}`,
    { cause: last },
  )
}
