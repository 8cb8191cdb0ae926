import { JOB_TYPES, type RenderLane } from '../../../jobs/jobTypes.ts'
import { quantile } from '../../legs.ts'
import type { RunRecord } from '../contract.ts'

export const PERCENTILES = [0.5, 0.95, 0.99] as const
export const KINDS: readonly RenderLane[] = ['sdxl', 'wan.image', 'wan.video']

/** Real seconds from submission to the terminal callback, of one kind of jobs; for ever where one was not completed. */
export function latencySeconds(runs: readonly RunRecord[], kind: RenderLane): number[] {
  return runs.flatMap(({ jobs, scale }) =>
    jobs
      .filter(({ job }) => JOB_TYPES[job.type].lane === kind)
      .map(({ status, submittedAtMs, endedAtMs }) =>
        status === 'completed' && endedAtMs !== null ? (endedAtMs - submittedAtMs) / scale / 1000 : Infinity,
      ),
  )
}

export function latencyAt(run: RunRecord, kind: RenderLane, share: number): number {
  return quantile(latencySeconds([run], kind), share)
}
