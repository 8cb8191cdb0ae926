import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client'
import { queuesWithPrefix } from '../jobs/queues.ts'
import type { Config } from '../runtime/config.ts'
import { scaleOf } from '../workflows/timeScale.ts'
import { WORKFLOW_TYPES } from '../workflows/types.ts'

/** Creates the reconciler's schedule, or brings an existing one up to the configured interval. Safe from many workers at once. */
export async function ensureReconcileSchedule(client: Client, config: Config): Promise<void> {
  const queues = queuesWithPrefix(config.temporal.queuePrefix)
  const scheduleId = `reconcile-${queues.jobs}`
  const spec = { intervals: [{ every: config.reconcileMs }] }
  const action = {
    type: 'startWorkflow',
    workflowType: WORKFLOW_TYPES.reconcileJobs,
    workflowId: scheduleId,
    taskQueue: queues.jobs,
    args: [scaleOf(config)],
  } as const
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' },
      action,
    })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(scheduleId).update(existing => ({ ...existing, spec, action }))
  }
}
