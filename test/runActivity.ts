import type { Info } from '@temporalio/activity'
import { MockActivityEnvironment } from '@temporalio/testing'
import { type ActivityInterceptorsFactory, DefaultLogger } from '@temporalio/worker'

/** An activity's context that can be cancelled and that hears its heartbeats; failures are not logged. */
export function activityEnvironment(
  info: Partial<Info> = {},
  interceptors: ActivityInterceptorsFactory[] = [],
): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { interceptors, logger: new DefaultLogger('ERROR') })
}

/** Runs an activity as a worker would. */
export function runActivity<Input, Output>(
  activity: (input: Input) => Promise<Output>,
  input: Input,
  environment = activityEnvironment(),
): Promise<Output> {
  return environment.run<[Input], Output, typeof activity>(activity, input)
}
