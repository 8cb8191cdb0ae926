import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow'
import { type CallbackEvent, toldByRun } from '../jobs/callback.ts'
import type { CallbackStatus } from '../jobs/searchAttributes.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { ownerAttributes } from './attributeKeys.ts'
import { deliver } from './deliver.ts'
import { deliverCallbackWorkflow, deliverInstead } from './deliverCallback.ts'
import { RECEIVER_LIMIT_MS } from './receiverLimit.ts'
import { scaledMs } from './timeScale.ts'
import type { DeliverCallbackInput, JobSettings } from './types.ts'

/** How long a job itself tries to deliver its terminal callback, before a workflow of its own takes over. */
const QUICK_TRIES_MS = 20_000
const FIRST_PAUSE_MS = 1000
const HAND_OVER_TRIES = 3
/** A history holds 51,200 events and 50 MiB, and a job in quarantine tries for a month, at some eleven events each time and up to 32 KiB of the app's own keys. */
const LONGEST_PAUSE_MS = 60 * 60_000

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
    this.#processing = CancellationScope.nonCancellable(() => this.#keepSending(ofThisRun(event)))
  }

  /** Sends the terminal event, or hands it to the delivery workflow. Gives the state of the delivery. */
  async finish(given: CallbackEvent): Promise<CallbackStatus> {
    if (!this.#settings.callbacks) return 'none'
    const event = ofThisRun(given)
    this.#finishing = true
    await this.#processing
    const quickMs = scaledMs(this.#settings, QUICK_TRIES_MS)
    const { delivered, refused, beganMs } = await this.#tryFor(
      event,
      Math.min(quickMs, this.#settings.callbackRetryMs),
    )
    // What counts is when it began, not when it was known to have arrived: no worker may have been there for a while.
    const repeatAtMs = this.#unknownUntilMs > beganMs ? this.#unknownUntilMs : null
    if (delivered && repeatAtMs === null) return 'delivered'
    await handOver({ event, delivered, refused, repeatAtMs })
    return delivered ? 'delivered' : 'retrying'
  }

  async #keepSending(event: CallbackEvent): Promise<void> {
    const settings = this.#settings
    const longestMs = scaledMs(settings, LONGEST_PAUSE_MS)
    let pauseMs = scaledMs(settings, FIRST_PAUSE_MS)
    for (; !this.#finishing; pauseMs = Math.min(2 * pauseMs, longestMs)) {
      const delivery = await deliver(event, settings)
      if (delivery === 'unknown') this.#unknownUntilMs = Date.now() + scaledMs(settings, RECEIVER_LIMIT_MS)
      if (delivery === 'delivered' || delivery === 'refused') return
      await condition(() => this.#finishing, pauseMs)
    }
  }

  /** Also tells when the last attempt began (ms since 1970). */
  async #tryFor(event: CallbackEvent, durationMs: number) {
    const untilMs = Date.now() + durationMs
    for (let pauseMs = scaledMs(this.#settings, FIRST_PAUSE_MS); ; pauseMs *= 2) {
      const beganMs = Date.now()
      const delivery = await deliver(event, this.#settings)
      const delivered = delivery === 'delivered'
      const refused = delivery === 'refused'
      if (delivered || refused || Date.now() + pauseMs > untilMs) return { delivered, refused, beganMs }
      await sleep(pauseMs)
    }
  }
}

function ofThisRun(event: CallbackEvent): CallbackEvent {
  const { runId, firstExecutionRunId } = workflowInfo()
  return toldByRun(event, runId, firstExecutionRunId)
}

/** To the delivery workflow: a new one, or the one that still delivers what the job said before it was reset. */
async function handOver(input: DeliverCallbackInput): Promise<void> {
  const { event } = input
  const workflowId = workflowIds.callback(event.body.job_id)
  const { runId, typedSearchAttributes } = workflowInfo()
  for (let tries = 1; ; tries++) {
    try {
      await startChild(deliverCallbackWorkflow, {
        workflowId,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `${event.body.status} · ${reasonOf(input)}`,
        args: [{ ...input, runId }],
        typedSearchAttributes: ownerAttributes(typedSearchAttributes),
      })
      return
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
    try {
      const { repeatAtMs = null, refused = false } = input
      const more = { runId, repeatAtMs, refused }
      await getExternalWorkflowHandle(workflowId).signal(deliverInstead, event, more)
      return
    } catch (error) {
      // It may have ended in between.
      if (isCancellation(error) || tries === HAND_OVER_TRIES) throw error
    }
  }
}

function reasonOf({ delivered, refused }: DeliverCallbackInput): string {
  if (delivered) return 'repeat after an unknown delivery'
  return refused ? 'refused by the receiver' : 'receiver not reachable'
}
