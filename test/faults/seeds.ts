/** A round that once failed: it stays, so that it is run again whenever somebody asks whether the pipeline still holds. */
export interface FailedSeed {
  seed: number
  count: number
  /** What was wrong, and has been mended. */
  why: string
}

export const FAILED_SEEDS: readonly FailedSeed[] = []
