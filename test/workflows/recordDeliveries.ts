import type { WorkflowHandle } from '@temporalio/client'
import { expect } from 'vitest'
import type { Behaviour } from '../../dev/receiverBehaviour.ts'
import { SIGNALS } from '../../jobs/temporalNames.ts'
import { startGoneReceiver } from './goneReceiver.ts'
import { saveHistory } from './historyFiles.ts'
import { openPipeline } from './pipeline.ts'
import { startDelivery } from './startDelivery.ts'

/** Delivers callbacks in every way but the plain one, and writes their histories into a folder, one JSON file each. */
export async function recordDeliveries(folder: string): Promise<void> {
  await recordOrders(folder)
  await recordWaits(folder)
  await recordRefusals(folder)
}

/** Signals: in a pause, and while an attempt is under way. */
async function recordOrders(folder: string): Promise<void> {
  const next: Behaviour[] = []
  const pipeline = await openPipeline({ gpu: false, behave: () => next.shift() ?? 'ok' })
  const { temporal, receiver } = pipeline

  next.push('server-error')
  const hastened = (await startDelivery(pipeline)).delivery
  await expect.poll(() => timers(hastened)).toBe(1)
  await hastened.signal(SIGNALS.deliverNow)
  expect(await hastened.result()).toEqual({ attempts: 2 })
  await saveHistory({ temporal, folder }, hastened.workflowId, 'delivery-hastened')

  const before = receiver.log.deliveries.length
  next.push({ kind: 'slow', delayMs: 1000 })
  const { delivery, event } = await startDelivery(pipeline)
  await expect.poll(() => receiver.log.deliveries.length).toBe(before + 1)
  await delivery.signal(SIGNALS.deliverInstead, { ...event, id: `${event.id}_anew` }, {})
  expect(await delivery.result()).toEqual({ attempts: 2 })
  await saveHistory({ temporal, folder }, delivery.workflowId, 'delivery-replaced-under-way')
}

/** Before the first attempt, and before the repetition of what was delivered. */
async function recordWaits(folder: string): Promise<void> {
  const pipeline = await openPipeline({ gpu: false })
  for (const [name, limit] of [
    ['delivery-not-before', 'notBeforeMs'],
    ['delivery-repeated', 'repeatAtMs'],
  ] as const) {
    const { delivery } = await startDelivery(pipeline, { [limit]: Date.now() + 3000 })
    await delivery.result()
    expect(await timers(delivery)).toBe(1)
    await saveHistory({ temporal: pipeline.temporal, folder }, delivery.workflowId, name)
  }
}

/** By 410: at once, told so by the job, and with a last attempt that somebody asked for. */
async function recordRefusals(folder: string): Promise<void> {
  let answering = Promise.withResolvers<void>()
  const gone = await startGoneReceiver(() => answering.promise)
  const pipeline = await openPipeline({ gpu: false, env: { CALLBACK_URL: gone.url } })
  for (const [name, refused] of [
    ['delivery-refused', false],
    ['delivery-refused-before', true],
    ['delivery-refused-twice', false],
  ] as const) {
    const before = gone.asked()
    answering = Promise.withResolvers()
    const { delivery } = await startDelivery(pipeline, { refused })
    if (name === 'delivery-refused-twice') {
      await expect.poll(gone.asked).toBe(before + 1)
      await delivery.signal(SIGNALS.deliverNow)
    }
    answering.resolve()
    await expect(delivery.result()).rejects.toThrow()
    await saveHistory({ temporal: pipeline.temporal, folder }, delivery.workflowId, name)
  }
}

/** Pauses that a workflow has begun. */
async function timers(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory()
  return events?.filter(event => event.timerStartedEventAttributes).length ?? 0
}
