/** A round that once failed: it stays, so that it is run again whenever somebody asks whether the pipeline still holds. */
export interface FailedSeed {
  seed: number
  count: number
  /** What was wrong, and has been mended. */
  why: string
}

export const FAILED_SEEDS: readonly FailedSeed[] = [
  { seed: 100, count: 50, why: 'a machine that was killed had the receipt, and another rendered it again' },
  { seed: 101, count: 50, why: 'a job failed when outages had used its attempts up' },
  {
    seed: 200,
    count: 50,
    why: 'a render ended while Temporal was away, and another machine rendered it again',
  },
  { seed: 204, count: 50, why: 'a job failed as its reference lay in a store that was away for seconds' },
  {
    seed: 300,
    count: 50,
    why: 'the auditor found a render too many where a program was ended for its noise',
  },
  {
    seed: 309,
    count: 50,
    why: 'a task that came after its time-out was rendered, though another machine had done it',
  },
  {
    seed: 502,
    count: 50,
    why: 'a task that came after its time-out was rendered, though another machine was at it',
  },
  {
    seed: 603,
    count: 50,
    why: 'a render in line on a machine that was cut off got the card there, and another machine rendered it again',
  },
  { seed: 604, count: 50, why: 'a job failed as its reference was lost between its staging and its render' },
]
