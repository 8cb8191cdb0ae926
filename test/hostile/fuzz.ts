import type { FailureCode } from '../../jobs/failures.ts'
import { isFailureCode, JobFailure } from '../../jobs/failures.ts'

/** The same cases in every run of CI; fast-check prints the seed and the path of a case that fails. */
const SEED = 20_250_716

/**
 * Parameters of a property. `HOSTILE_RUNS=20` runs twenty times as many cases, `HOSTILE_SEED` others; a failure is told with
 * its seed, which repeats it.
 */
export function fuzz(runs: number): { numRuns: number; seed: number } {
  const { HOSTILE_RUNS = '1', HOSTILE_SEED = String(SEED) } = process.env
  return { numRuns: Math.ceil(runs * Number(HOSTILE_RUNS)), seed: Number(HOSTILE_SEED) }
}

/** How a piece of work ended. Anything but a typed failure is thrown on, and so fails the test. `internal` counts as untyped. */
export async function ended(work: Promise<unknown>): Promise<'completed' | FailureCode> {
  try {
    await work
    return 'completed'
  } catch (error) {
    if (error instanceof JobFailure && isFailureCode(error.code) && error.code !== 'internal')
      return error.code
    throw error
  }
}
