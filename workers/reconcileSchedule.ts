import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client'
import { queuesWithPrefix } from '../jobs/queues.ts'
import { WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import type { Config } from '../runtime/config.ts'
import type { Logger } from '../runtime/log.ts'
import { UnreadablePayloadError } from '../runtime/payloadCodec.ts'
import { scaleOf } from '../workflows/timeScale.ts'

/** Creates the reconciler's schedule, or brings an existing one up to the configured interval. Safe from many workers at once. */
export async function ensureReconcileSchedule(client: Client, config: Config, log: Logger): Promise<void> {
  const queues = queuesWithPrefix(config.temporal.queuePrefix)
  const scheduleId = `reconcile-${queues.jobs}`
  const spec = { intervals: [{ every: config.reconcileMs }] }
  const action = {
    type: 'startWorkflow',
    workflowType: WORKFLOW_TYPES.reconcileJobs,
    workflowId: scheduleId,
    taskQueue: queues.jobs,
    args: [scaleOf(config)],
    // One that cannot be read fails its tasks for ever; a sweep has three attempts of half an hour.
    workflowExecutionTimeout: '2 hours',
  } as const
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const
  const isNew = await createUnlessThere(client, { scheduleId, spec, policies, action })
  if (isNew) return
  const handle = client.schedule.getHandle(scheduleId)
  try {
    await handle.update(existing => ({ ...existing, spec, action }))
  } catch (error) {
    if (!(error instanceof UnreadablePayloadError) && !(error instanceof ScheduleNotFoundError)) throw error
    // Its key is gone, and with it what the last sweep has left: the next one looks back as far as the first.
    log.warn({ err: error, scheduleId }, 'the schedule of the reconciler is made anew')
    await handle.delete().catch(ignoreIfGone)
    await createUnlessThere(client, { scheduleId, spec, policies, action })
  }
}

/** Another worker does the same. */
function ignoreIfGone(error: unknown): void {
  if (!(error instanceof ScheduleNotFoundError)) throw error
}

async function createUnlessThere(client: Client, options: ScheduleOptions): Promise<boolean> {
  try {
    await client.schedule.create(options)
    return true
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false
    throw error
  }
}
