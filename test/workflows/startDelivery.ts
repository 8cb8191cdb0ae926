import { randomUUID } from 'node:crypto'
import { failedEvent } from '../../jobs/callback.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import type { DeliverCallbackInput } from '../../workflows/types.ts'
import type { Pipeline } from './pipeline.ts'

/** Delivers the failure of a job, by default of one that there is not. */
export async function startDelivery(
  { temporal, config }: Pick<Pipeline, 'temporal' | 'config'>,
  more: Omit<DeliverCallbackInput, 'event'> = {},
  jobId: string = randomUUID(),
) {
  const at = new Date().toISOString()
  const event = failedEvent({ jobId, plan: null, failure: { code: 'stuck' }, planError: null, at })
  const delivery = await temporal.workflow.start('deliverCallbackWorkflow', {
    workflowId: workflowIds.callback(jobId),
    taskQueue: `${config.temporal.queuePrefix}.jobs`,
    args: [{ event, ...more }],
  })
  return { event, delivery }
}
