import type { PlanResult } from '../jobs/plan.ts'
import { planJob } from '../jobs/planJob.ts'
import type { JobSettings } from '../workflows/types.ts'

export interface PlanJobInput {
  payload: unknown
  /** Plan the same job as if it had named no reference. */
  withoutReference?: boolean
}

/** Local activity: the plan of a payload, or why it is none, as a value; and what the installation decides for this job. */
export function createPlanJob(deps: { outputBuckets: readonly string[]; settings: JobSettings }) {
  return async function planJobActivity(
    input: PlanJobInput,
  ): Promise<{ result: PlanResult; settings: JobSettings }> {
    const result = planJob(input.payload, {
      outputBuckets: deps.outputBuckets,
      withoutReference: input.withoutReference ?? false,
    })
    return { result, settings: deps.settings }
  }
}
