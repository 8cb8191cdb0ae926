import { randomUUID } from 'node:crypto'
import { workflowIds } from '../../jobs/workflowIds.ts'
import type { Pipeline } from './pipeline.ts'

/** Resets a job to after its first task, or before its last one, as in the Web UI. */
export async function reset(
  { temporal, config }: Pick<Pipeline, 'temporal' | 'config'>,
  jobId: string,
  task: 'first' | 'last' = 'first',
): Promise<void> {
  const job = temporal.workflow.getHandle(workflowIds.job(jobId))
  const { events = [] } = await job.fetchHistory()
  const tasks = events?.filter(event => event.workflowTaskCompletedEventAttributes) ?? []
  await temporal.workflowService.resetWorkflowExecution({
    namespace: config.temporal.namespace,
    workflowExecution: { workflowId: job.workflowId, runId: (await job.describe()).runId },
    reason: 'by hand',
    workflowTaskFinishEventId: tasks.at(task === 'first' ? 0 : -1)?.eventId ?? null,
    requestId: randomUUID(),
  })
}
