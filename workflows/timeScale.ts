import type { JobSettings } from './types.ts'

/** A duration of the code as this installation keeps it: whole, except in tests of faults, which let all time pass quicker. */
export function scaledMs({ timeScale = 1 }: Pick<JobSettings, 'timeScale'>, ms: number): number {
  return Math.max(1, Math.round(ms * timeScale))
}

/** The factor, for workflows that are started with it; nothing where it is the usual one. */
export function scaleOf({ timeScale = 1 }: Pick<JobSettings, 'timeScale'>): Pick<JobSettings, 'timeScale'> {
  return timeScale === 1 ? {} : { timeScale }
}
