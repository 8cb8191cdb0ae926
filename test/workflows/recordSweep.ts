import { WORKFLOW_TYPES } from '../../jobs/temporalNames.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { saveHistory } from './historyFiles.ts'
import { payloadOf } from './payloads.ts'
import { openPipeline, type Pipeline } from './pipeline.ts'
import { untilSwept } from './untilSwept.ts'

/** Terminates a job, and writes the history of the sweep that finds it into a folder, as a JSON file. */
export async function recordSweep(folder: string): Promise<void> {
  const stack = await openPipeline({ gpu: false, env: { RECONCILE_SECONDS: '1' } })
  const { pipeline, temporal, heard } = stack
  const payload = payloadOf()
  await pipeline.submit(payload)
  await untilSwept(stack, () => heard(payload.id).length === 1)
  await temporal.workflow.getHandle(workflowIds.job(payload.id)).terminate('by hand')
  await untilSwept(stack, () => heard(payload.id).length === 2)
  await saveHistory({ temporal, folder }, await sweepWithJobs(stack), 'sweep')
}

async function sweepWithJobs({ temporal, config }: Pipeline): Promise<string> {
  const ours = `WorkflowType = '${WORKFLOW_TYPES.reconcileJobs}' AND TaskQueue = '${config.temporal.queuePrefix}.jobs'`
  for await (const { workflowId } of temporal.workflow.list({ query: ours })) {
    const { swept } = await temporal.workflow.getHandle(workflowId).result()
    if (swept.length > 0) return workflowId
  }
  throw new Error('no sweep found a job')
}
