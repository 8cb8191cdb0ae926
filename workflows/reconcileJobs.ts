import { workflowInfo } from '@temporalio/workflow'
import type { SweepResult } from '../activities/sweepJobs.ts'
import { io, MINUTE_MS, SECOND_MS } from './activities.ts'
import { scaledMs } from './timeScale.ts'
import type { JobSettings } from './types.ts'

/**
 * Run by a schedule: finds jobs that ended without telling anybody (terminated by hand, timed out, failed by a bug) or that
 * run past their deadline, and has their terminal callback delivered. Carries on from where the last run stopped.
 */
export async function reconcileJobsWorkflow(
  scale: Pick<JobSettings, 'timeScale'> = {},
): Promise<SweepResult> {
  return io(scale).sweepJobs.executeWithOptions(
    {
      summary: 'jobs without a terminal callback',
      // Of tens of thousands of jobs that were terminated at once.
      startToCloseTimeout: scaledMs(scale, 30 * MINUTE_MS),
      // Its worker may die in mid-sweep, and no other sweep begins before this one is over.
      heartbeatTimeout: scaledMs(scale, 30 * SECOND_MS),
      retry: { maximumAttempts: 3 },
    },
    [{ last: workflowInfo().lastResult ?? null }],
  )
}
