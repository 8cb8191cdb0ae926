import { type Context, log } from '@temporalio/activity'
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInterceptors } from '@temporalio/worker'
import { FAILURES, JobFailure } from '../jobs/failures.ts'

/**
 * The one place where known failures become Temporal's: type is the code, the table says whether a retry can help, and
 * what the user is to blame for raises no alarm. Anything else goes through as it is.
 */
export function failureInterceptor(_context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input: ActivityExecuteInput, next) {
        try {
          return await next(input)
        } catch (error) {
          if (!(error instanceof JobFailure)) throw error
          log.warn('activity failed', { code: error.code, detail: error.message })
          throw toApplicationFailure(error)
        }
      },
    },
  }
}

function toApplicationFailure(failure: JobFailure): ApplicationFailure {
  const { retryable, blame } = FAILURES[failure.code]
  return ApplicationFailure.create({
    message: failure.message,
    type: failure.code,
    nonRetryable: !retryable,
    cause: failure,
    ...(blame === 'user' ? { category: ApplicationFailureCategory.BENIGN } : {}),
  })
}
