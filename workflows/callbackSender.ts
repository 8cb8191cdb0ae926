import { CancellationScope, condition, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow'
import type { CallbackEvent } from '../jobs/callback.ts'
import { type CallbackStatus, workflowIds } from '../jobs/searchAttributes.ts'
import { deliver } from './deliver.ts'
import { deliverCallbackWorkflow } from './deliverCallback.ts'
import type { JobSettings } from './types.ts'

/** The receiver runs for at most this long (a Supabase edge function's limit), so after it an unknown delivery is over. */
const RECEIVER_LIMIT_MS = 400_000
/** How long a job itself tries to deliver its terminal callback, before a workflow of its own takes over. */
const QUICK_TRIES_MS = 20_000
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000

/**
 * The one sender of a job's callbacks: deliveries never overlap, and `processing` is settled before the terminal event is
 * sent. A `processing` that could not be delivered by then is dropped, as the receiver would only go back in time by it.
 */
export class CallbackSender {
  readonly #settings: JobSettings
  #processing: Promise<void> = Promise.resolve()
  #finishing = false
  /** Until when the receiver may still be working on a delivery whose outcome stayed unknown. */
  #unknownUntilMs = 0

  constructor(settings: JobSettings) {
    this.#settings = settings
  }

  /** Sends a non-terminal event beside the work, again and again until it is delivered or the job has ended. */
  send(event: CallbackEvent): void {
    if (!this.#settings.callbacks) return
    this.#processing = CancellationScope.nonCancellable(() => this.#keepSending(event))
  }

  /** Sends the terminal event, or hands it to the delivery workflow. Gives the state of the delivery. */
  async finish(event: CallbackEvent): Promise<CallbackStatus> {
    if (!this.#settings.callbacks) return 'none'
    this.#finishing = true
    await this.#processing
    const delivered = await this.#tryFor(event, Math.min(QUICK_TRIES_MS, this.#settings.callbackRetryMs))
    const repeatAtMs = this.#unknownUntilMs > Date.now() ? this.#unknownUntilMs : null
    if (delivered && repeatAtMs === null) return 'delivered'
    await startChild(deliverCallbackWorkflow, {
      workflowId: workflowIds.callback(event.body.job_id),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${event.body.status} · ${delivered ? 'repeat after an unknown delivery' : 'receiver not reachable'}`,
      args: [{ event, delivered, repeatAtMs }],
    })
    return delivered ? 'delivered' : 'retrying'
  }

  async #keepSending(event: CallbackEvent): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.#finishing; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const delivery = await deliver(event, this.#settings)
      if (delivery === 'unknown') this.#unknownUntilMs = Date.now() + RECEIVER_LIMIT_MS
      if (delivery === 'delivered' || delivery === 'refused') return
      await condition(() => this.#finishing, pauseMs)
    }
  }

  async #tryFor(event: CallbackEvent, durationMs: number): Promise<boolean> {
    const untilMs = Date.now() + durationMs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
      const delivery = await deliver(event, this.#settings)
      if (delivery === 'delivered') return true
      if (delivery === 'refused' || Date.now() + pauseMs > untilMs) return false
      await sleep(pauseMs)
    }
  }
}
