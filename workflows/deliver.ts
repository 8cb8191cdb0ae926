import { ActivityFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow'
import type { DeliveryReport } from '../activities/deliveryReport.ts'
import type { CallbackEvent } from '../jobs/callback.ts'
import { callbacks } from './activities.ts'
import { attemptLimitMs } from './receiverLimit.ts'
import type { JobSettings } from './types.ts'

export type Delivery = DeliveryReport['delivery']

/**
 * One delivery attempt. Temporal does not retry it: whoever sends must know how each single attempt ended, as one whose
 * outcome stayed unknown may overtake the next. With the job's `runId` it is `outdated`, and nothing is sent, once a
 * later run has told its end.
 */
export async function deliver(
  event: CallbackEvent,
  settings: JobSettings,
  runId: string | null = null,
): Promise<Delivery> {
  try {
    const { delivery } = await callbacks(settings).sendCallback.executeWithOptions(
      {
        summary: `${event.body.status}, event ${event.sequence}`,
        startToCloseTimeout: attemptLimitMs(settings),
        retry: { maximumAttempts: 1 },
      },
      [runId === null ? { event } : { event, runId }],
    )
    return delivery
  } catch (error) {
    if (isCancellation(error)) throw error
    return error instanceof ActivityFailure && error.cause instanceof TimeoutFailure ? 'unknown' : 'failed'
  }
}
