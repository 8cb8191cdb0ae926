import { type Context, log } from '@temporalio/activity'
import type { ActivityExecuteInput, ActivityInterceptors } from '@temporalio/worker'
import { jobIdOf, workflowIds } from '../jobs/workflowIds.ts'

const JOB = workflowIds.job('')

/** One line for each activity that ended well, with its job and its time; failures are told by failureInterceptor. */
export function logInterceptor({ info }: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input: ActivityExecuteInput, next) {
        const begunMs = performance.now()
        const result = await next(input)
        const workflowId = info.workflowExecution?.workflowId ?? ''
        if (workflowId.startsWith(JOB)) {
          log.info(`${info.activityType} done`, {
            jobId: jobIdOf(workflowId),
            ms: Math.round(performance.now() - begunMs),
          })
        }
        return result
      },
    },
  }
}
