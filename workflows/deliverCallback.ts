import { ApplicationFailure, condition, defineSignal, setHandler, sleep } from '@temporalio/workflow'
import type { CallbackEvent } from '../jobs/callback.ts'
import { SIGNALS } from '../jobs/temporalNames.ts'
import { local } from './activities.ts'
import { deliver } from './deliver.ts'
import { showDelivery } from './jobView.ts'
import { scaledMs } from './timeScale.ts'
import type { DeliverCallbackInput } from './types.ts'

const FIRST_PAUSE_MS = 5000
const LONGEST_PAUSE_MS = 15 * 60_000

/** Try at once instead of waiting out the pause: an operator knows that the receiver is back. */
const deliverNow = defineSignal(SIGNALS.deliverNow)
/** The job was reset and has ended anew: its new event takes the place of the one that is being delivered. */
export const deliverInstead = defineSignal<
  [CallbackEvent, Pick<DeliverCallbackInput, 'runId' | 'repeatAtMs' | 'refused'>]
>(SIGNALS.deliverInstead)

/**
 * Delivers one terminal callback for days, so that the job itself need not wait for a receiver that is down. Fails with
 * `callback_undelivered` when it gives up; the event stays in its history and can be delivered again by hand.
 */
export async function deliverCallbackWorkflow(input: DeliverCallbackInput): Promise<{ attempts: number }> {
  let { event, runId = null } = input
  let delivered = input.delivered ?? false
  let hurried = false
  let repeatAtMs = input.repeatAtMs ?? 0
  let refused = input.refused ?? false
  let attempts = refused ? 1 : 0
  /** The job was reset, and has told its new end itself. */
  let outdated = false
  /** When the delivery began that the receiver took over. */
  let beganMs = 0
  setHandler(deliverNow, () => {
    hurried = true
    refused = false
  })
  setHandler(deliverInstead, (newer, more) => {
    event = newer
    runId = more.runId ?? null
    repeatAtMs = Math.max(repeatAtMs, more.repeatAtMs ?? 0)
    delivered = false
    refused = more.refused ?? false
    hurried = true
  })
  const settings = await local.readSettings()

  async function deliverForDays(): Promise<void> {
    let sending = event
    let untilMs = Date.now() + settings.callbackRetryMs
    const firstMs = scaledMs(settings, FIRST_PAUSE_MS)
    const longestMs = scaledMs(settings, LONGEST_PAUSE_MS)
    for (let pauseMs = firstMs; ; pauseMs = hurried ? firstMs : Math.min(2 * pauseMs, longestMs)) {
      if (refused) giveUp(attempts, 'refused')
      showDelivery('retrying', `attempt ${attempts + 1} of ${event.body.status} for job ${event.body.job_id}`)
      hurried = false
      if (sending !== event) untilMs = Date.now() + settings.callbackRetryMs
      sending = event
      beganMs = Date.now()
      const delivery = await deliver(sending, settings, runId)
      attempts += 1
      outdated = delivery === 'outdated' && sending === event
      if (outdated) return
      delivered = delivery === 'delivered' && sending === event
      if (delivered) return
      if (sending !== event) continue
      if (delivery === 'refused' || Date.now() + pauseMs > untilMs) giveUp(attempts, delivery)
      showDelivery(
        'retrying',
        `attempt ${attempts} failed; the next follows in ${Math.round(pauseMs / 1000)} s`,
      )
      await condition(() => hurried, pauseMs)
    }
  }

  const waitMs = (input.notBeforeMs ?? 0) - Date.now()
  if (waitMs > 0) await sleep(waitMs)
  if (!delivered) await deliverForDays()
  // What counts is when the delivery began, not when it was known to have arrived: no worker may have been there for a while.
  while (!outdated && repeatAtMs > beganMs) {
    showDelivery('delivered', 'delivered; to be repeated once, as an earlier delivery had an unknown outcome')
    hurried = false
    // A delivery in between, asked for by hand, does not replace the repetition: the late one may still come after it.
    if (repeatAtMs > Date.now()) await condition(() => hurried, repeatAtMs - Date.now())
    await deliverForDays()
  }
  if (outdated) showDelivery('none', 'not delivered: the job was reset, and has told another end')
  else showDelivery('delivered', `delivered after ${attempts} attempts`)
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
