import type { CardUse, JobRecord, RunRecord } from '../contract.ts'
import { coveredMs, type Interval, intersection } from './intervals.ts'

/** Ms of the card's compute. */
export function computeMs(uses: readonly CardUse[]): number {
  return uses.reduce((sum, { computedMs }) => sum + computedMs, 0)
}

/** Of one stretch, the compute that falls into a time: as if it went on evenly. */
export function computeWithin(uses: readonly CardUse[], windows: readonly Interval[]): number {
  return uses.reduce((sum, use) => {
    const lengthMs = use.toMs - use.fromMs
    if (lengthMs <= 0) return sum
    return sum + (use.computedMs * coveredMs(intersection([use], windows))) / lengthMs
  }, 0)
}

/** When the card was done with each job; one that it never computed is left out. */
function computedAtMs(card: readonly CardUse[]): Map<string, number> {
  const ends = new Map<string, number>()
  for (const { jobId, toMs } of card) ends.set(jobId, Math.max(toMs, ends.get(jobId) ?? 0))
  return ends
}

/** From each job's submission until the card was done with it; for one that never was, until the run's end. */
export function waits({ jobs, card }: RunRecord): { record: JobRecord; fromMs: number; toMs: number }[] {
  const done = computedAtMs(card)
  const overMs = Math.max(0, ...jobs.map(({ endedAtMs }) => endedAtMs ?? 0), ...done.values())
  return jobs.map(record => ({
    record,
    fromMs: record.submittedAtMs,
    toMs: done.get(record.job.id) ?? record.endedAtMs ?? overMs,
  }))
}
