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
/** A history holds 50 MiB and 51,200 events; each attempt is some 13 of them and the whole event, with up to 32 KiB of the app's own keys. */
const MOST_ATTEMPTS = 500

/** Try at once instead of waiting out the pause: an operator knows that the receiver is back. */
const deliverNow = defineSignal(SIGNALS.deliverNow)
/** The job was reset and has ended anew: its new event takes the place of the one that is being delivered. */
export const deliverInstead = defineSignal<
  [CallbackEvent, Pick<DeliverCallbackInput, 'runId' | 'repeatAtMs' | 'refused'>]
>(SIGNALS.deliverInstead)

/** What is to be delivered; a newer end of the job takes its place as a whole. */
interface Due {
  event: CallbackEvent
  runId: string | null
  /** By another way already. */
  delivered: boolean
  /** The receiver has answered that it will never take it. */
  refused: boolean
}

/** `outdated`: it was not delivered, for the job was reset and has told its new end itself. */
interface Delivered {
  outdated: boolean
  /** When the attempt began that the receiver took; 0 for one that was not ours. */
  beganMs: number
}

/**
 * Delivers one terminal callback for days, so that the job itself need not wait for a receiver that is down. Fails with
 * `callback_undelivered` when it gives up; the event stays in its history and can be delivered again by hand.
 */
export async function deliverCallbackWorkflow(input: DeliverCallbackInput): Promise<{ attempts: number }> {
  const { event, runId = null, delivered = false, refused = false } = input
  let due: Due = { event, runId, delivered, refused }
  let repeatAtMs = input.repeatAtMs ?? 0
  let hurried = false
  let attempts = refused ? 1 : 0
  setHandler(deliverNow, () => {
    hurried = true
    due.refused = false
  })
  setHandler(deliverInstead, (newer, more) => {
    const { runId = null, refused = false } = more
    due = { event: newer, runId, delivered: false, refused }
    repeatAtMs = Math.max(repeatAtMs, more.repeatAtMs ?? 0)
    hurried = true
  })
  const settings = await local.readSettings()

  async function deliverForDays(): Promise<Delivered> {
    let sending = due
    let untilMs = Date.now() + settings.callbackRetryMs
    const firstMs = scaledMs(settings, FIRST_PAUSE_MS)
    const longestMs = Math.max(scaledMs(settings, LONGEST_PAUSE_MS), settings.callbackRetryMs / MOST_ATTEMPTS)
    for (let pauseMs = firstMs; ; pauseMs = hurried ? firstMs : Math.min(2 * pauseMs, longestMs)) {
      if (due.refused) giveUp(attempts, 'refused')
      const { status, job_id } = due.event.body
      showDelivery('retrying', `attempt ${attempts + 1} of ${status} for job ${job_id}`)
      hurried = false
      if (sending !== due) untilMs = Date.now() + settings.callbackRetryMs
      sending = due
      const beganMs = Date.now()
      const delivery = await deliver(sending.event, settings, sending.runId)
      attempts += 1
      if (sending !== due) continue
      if (delivery === 'outdated' || delivery === 'delivered') {
        return { outdated: delivery === 'outdated', beganMs }
      }
      const isLast = delivery === 'refused' || Date.now() + pauseMs > untilMs
      // Who asked while the attempt was under way may have mended the receiver since it answered.
      if (isLast && !hurried) giveUp(attempts, delivery)
      showDelivery(
        'retrying',
        `attempt ${attempts} failed; the next follows in ${Math.round(pauseMs / 1000)} s`,
      )
      await condition(() => hurried, pauseMs)
    }
  }

  const waitMs = (input.notBeforeMs ?? 0) - Date.now()
  if (waitMs > 0) await sleep(waitMs)
  let last = due.delivered ? { outdated: false, beganMs: 0 } : await deliverForDays()
  // What counts is when the delivery began, not when it was known to have arrived: no worker may have been there for a while.
  while (!last.outdated && repeatAtMs > last.beganMs) {
    showDelivery('delivered', 'delivered; to be repeated once, as an earlier delivery had an unknown outcome')
    hurried = false
    // A delivery in between, asked for by hand, does not replace the repetition: the late one may still come after it.
    if (repeatAtMs > Date.now()) await condition(() => hurried, repeatAtMs - Date.now())
    last = await deliverForDays()
  }
  if (last.outdated) showDelivery('none', 'not delivered: the job was reset, and has told another end')
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
