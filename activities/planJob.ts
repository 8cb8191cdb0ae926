import { Context } from '@temporalio/activity'
import type { PlanResult } from '../jobs/plan.ts'
import { planJob } from '../jobs/planJob.ts'
import type { JobSettings } from '../workflows/types.ts'

export interface PlanJobInput {
  payload: unknown
  /** Of the job's first run, which is another than the present one once it was reset. */
  firstRunId: string
  /** Plan the same job as if it had named no reference. */
  withoutReference?: boolean
}

export interface PlanJobResult {
  result: PlanResult
  settings: JobSettings
  /** The job began anew here, by the hand of an operator. A workflow cannot tell: a replay may go by another run's id. */
  isReset: boolean
}

/** Local activity: the plan of a payload, or why it is none, as a value; and what the installation decides for this job. */
export function createPlanJob(deps: { outputBuckets: readonly string[]; settings: JobSettings }) {
  return async function planJobActivity(input: PlanJobInput): Promise<PlanJobResult> {
    const result = planJob(input.payload, {
      outputBuckets: deps.outputBuckets,
      withoutReference: input.withoutReference ?? false,
    })
    const runId = Context.current().info.workflowExecution?.runId
    return { result, settings: deps.settings, isReset: runId !== input.firstRunId }
  }
}
