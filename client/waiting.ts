import type { WorkflowExecutionDescription } from '@temporalio/client'
import { optionalTsToMs } from '@temporalio/common/lib/time.js'
import type { PipelineContext } from './context.ts'
import { isStarted, type JobProgress } from './progress.ts'

/** A task is usually taken within milliseconds; after this it is worth asking why not. */
const PATIENCE_MS = 2000
/** A worker that dies takes a task with it. */
const LOST_TASKS = 2

/** Says so when a task has waited for a while and no worker has asked its queue for work lately, or none can do it. */
export async function nobodyThere(
  { pollers, queues }: PipelineContext,
  { activity }: JobProgress,
  description: WorkflowExecutionDescription,
): Promise<string | null> {
  if (activity === null) {
    const waitedMs = Date.now() - description.startTime.getTime()
    const task = description.raw.pendingWorkflowTask
    if (!task || waitedMs < PATIENCE_MS) return null
    if (!(await pollers.any(queues.jobs, 'workflow')))
      return `no control worker is running (queue ${queues.jobs})`
    return (task.attempt ?? 1) > LOST_TASKS
      ? 'its workflow task fails again and again: the log of the control worker says why (a key that it lacks?)'
      : null
  }
  const queue = activity.activityOptions?.taskQueue?.name
  const scheduledMs = optionalTsToMs(activity.scheduledTime) ?? Date.now()
  if (!queue || isStarted(activity) || Date.now() - scheduledMs < PATIENCE_MS) return null
  // A worker whose slots are all taken does not ask either, hence the caution.
  return (await pollers.any(queue, 'activity'))
    ? null
    : `no worker has asked for work lately (queue ${queue}): all are busy, their lane is paused, or none is running`
}
