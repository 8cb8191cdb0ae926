import { workflowInfo } from '@temporalio/workflow'
import type { SweepResult } from '../activities/sweepJobs.ts'
import { io } from './activities.ts'

/**
 * Run by a schedule: finds jobs that ended without telling anybody (terminated by hand, timed out, failed by a bug) or that
 * run past their deadline, and has their terminal callback delivered. Carries on from where the last run stopped.
 */
export async function reconcileJobsWorkflow(): Promise<SweepResult> {
  return io().sweepJobs.executeWithOptions(
    {
      summary: 'jobs without a terminal callback',
      startToCloseTimeout: '5 minutes',
      retry: { maximumAttempts: 3 },
    },
    [{ last: workflowInfo().lastResult ?? null }],
  )
}
