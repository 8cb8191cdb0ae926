import { ApplicationFailure, condition, defineSignal, setHandler } from '@temporalio/workflow'
import type { CallbackEvent } from '../jobs/callback.ts'
import { local } from './activities.ts'
import { deliver } from './deliver.ts'
import { showDelivery } from './jobView.ts'

const FIRST_PAUSE_MS = 5000
const LONGEST_PAUSE_MS = 15 * 60_000

export interface DeliverCallbackInput {
  event: CallbackEvent
  /** The receiver has it already, and only the repetition is left to do. */
  delivered?: boolean
  /** When the receiver can no longer be working on an earlier event whose outcome stayed unknown (ms since 1970). */
  repeatAtMs?: number | null
}

/** Try at once instead of waiting out the pause: an operator knows that the receiver is back. */
export const deliverNow = defineSignal('deliverNow')

/**
 * Delivers one terminal callback for days, so that the job itself need not wait for a receiver that is down. Fails with
 * `callback_undelivered` when it gives up; the event stays in its history and can be delivered again by hand.
 */
export async function deliverCallbackWorkflow(input: DeliverCallbackInput): Promise<{ attempts: number }> {
  const { event } = input
  const settings = await local.readSettings()
  let hurried = false
  setHandler(deliverNow, () => {
    hurried = true
  })
  const untilMs = Date.now() + settings.callbackRetryMs
  let attempts = 0
  let pauseMs = FIRST_PAUSE_MS
  let delivered = input.delivered ?? false
  while (!delivered) {
    showDelivery('retrying', `attempt ${attempts + 1} of ${event.body.status} for job ${event.body.job_id}`)
    const delivery = await deliver(event, settings)
    attempts += 1
    delivered = delivery === 'delivered'
    if (delivered) break
    if (delivery === 'refused' || Date.now() + pauseMs > untilMs) return giveUp(attempts, delivery)
    showDelivery(
      'retrying',
      `attempt ${attempts} failed; the next follows in ${Math.round(pauseMs / 1000)} s`,
    )
    hurried = false
    await condition(() => hurried, pauseMs)
    pauseMs = hurried ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
  }
  const repeatInMs = (input.repeatAtMs ?? 0) - Date.now()
  if (repeatInMs > 0) {
    showDelivery('delivered', 'delivered; to be repeated once, as an earlier delivery had an unknown outcome')
    hurried = false
    await condition(() => hurried, repeatInMs)
    const again = await deliverCallbackWorkflow({ event })
    return { attempts: attempts + again.attempts }
  }
  showDelivery('delivered', `delivered after ${attempts} attempts`)
  return { attempts }
}

function giveUp(attempts: number, why: string): never {
  showDelivery('undelivered', `given up after ${attempts} attempts: ${why}`)
  throw ApplicationFailure.create({
    message: `The receiver did not take the callback: ${why} after ${attempts} attempts. Deliver it again with: ourvidz redeliver <job id>`,
    type: 'callback_undelivered',
    nonRetryable: true,
  })
}
