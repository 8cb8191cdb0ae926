import type { RunRecord } from '../contract.ts'

/** Real seconds from the first submission to the last terminal callback; for ever where a job was not completed. */
export function makespanSeconds({ jobs, scale }: RunRecord): number {
  const endsMs = jobs.map(({ status, endedAtMs }) => (status === 'completed' && endedAtMs) || Infinity)
  return (Math.max(...endsMs) - Math.min(...jobs.map(job => job.submittedAtMs))) / scale / 1000
}
