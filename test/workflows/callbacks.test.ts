import { WorkflowNotFoundError } from '@temporalio/client'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startCallbackReceiver } from '../../dev/callbackReceiver.ts'
import type { Delivery } from '../../dev/deliveryLog.ts'
import { freePort } from '../../dev/freePort.ts'
import type { Behaviour } from '../../dev/receiverBehaviour.ts'
import { SIGNALS } from '../../jobs/temporalNames.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { attributeKeys } from '../../workflows/attributeKeys.ts'
import { startGoneReceiver } from './goneReceiver.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'
import { startDelivery } from './startDelivery.ts'

/** A receiver that does not answer is soon given up. */
const IMPATIENT = { CALLBACK_TIMEOUT_SECONDS: '1' }

/** Behaves in a bad way for the first deliveries of a status, then well. */
function atFirst(status: string, behaviours: Behaviour[]): (delivery: Delivery) => Behaviour {
  const left = [...behaviours]
  return delivery => (delivery.status === status ? (left.shift() ?? 'ok') : 'ok')
}

const told = (deliveries: readonly Delivery[], status: string) =>
  deliveries.filter(delivery => delivery.status === status)
const processed = (deliveries: readonly Delivery[], status: string) =>
  told(deliveries, status).filter(delivery => delivery.processed)

/** How the delivery workflow of a job stands; null when there is none. */
async function deliveryState(
  { temporal }: Pick<Awaited<ReturnType<typeof openPipeline>>, 'temporal'>,
  jobId: string,
): Promise<string | null> {
  try {
    return (await temporal.workflow.getHandle(workflowIds.callback(jobId)).describe()).status.name
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null
    throw error
  }
}

describe('a receiver that refuses at first', () => {
  test.each(['bad-request', 'server-error', 'redirect'] as const)(
    'by a %s gets the terminal event again, and takes it over once',
    async behaviour => {
      const pipeline = await openPipeline({ behave: atFirst('completed', [behaviour]) })
      const payload = payloadOf()
      expect(await pipeline.run(payload)).toMatchObject({ status: 'completed' })
      const { deliveries, overlaps } = pipeline.receiver.log
      const terminal = told(deliveries, 'completed')
      expect(terminal.map(delivery => delivery.behaviour)).toEqual([behaviour, 'ok'])
      expect(processed(deliveries, 'completed').length).toBe(1)
      expect(new Set(terminal.map(({ webhookId }) => webhookId)).size).toBe(1)
      expect(overlaps).toEqual([])
      expect(await deliveryState(pipeline, payload.id)).toBeNull()
      expect(await pipeline.pipeline.get(payload.id)).toMatchObject({ callback: 'delivered' })
    },
  )

  test('processing gets it later, and the job is not held up', async () => {
    const pipeline = await openPipeline({
      behave: atFirst('processing', ['server-error']),
      env: { PREVIEW_SPEED: '2' },
    })
    const payload = payloadOf()
    await pipeline.run(payload)
    const { deliveries, overlaps } = pipeline.receiver.log
    expect(processed(deliveries, 'processing').length).toBe(1)
    expect(deliveries.findIndex(({ status }) => status === 'completed')).toBe(deliveries.length - 1)
    const { events = [] } = await pipeline.temporal.workflow
      .getHandle(workflowIds.job(payload.id))
      .fetchHistory()
    const order = (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name ? [scheduled.activityType.name] : [],
    )
    expect(order.indexOf('generate')).toBeLessThan(order.lastIndexOf('sendCallback', order.length - 2))
    expect(overlaps).toEqual([])
  })
})

describe('an attempt of processing that is still being worked on', () => {
  test('is waited for: the terminal event never overlaps it', async () => {
    const { run, receiver } = await openPipeline({
      behave: atFirst('processing', [{ kind: 'slow', delayMs: 2500 }]),
    })
    await run(payloadOf())
    expect(receiver.log.overlaps).toEqual([])
    expect(receiver.log.deliveries.map(({ status, processed }) => [status, processed])).toEqual([
      ['processing', true],
      ['completed', true],
    ])
  })

  test('whose time is over before a worker comes to the repetition: it is repeated then', async () => {
    const pipeline = await openPipeline({ gpu: false })
    const { receiver } = pipeline
    const { event, delivery } = await startDelivery(pipeline, {
      delivered: true,
      repeatAtMs: Date.now() - 1000,
    })
    expect(await delivery.result()).toEqual({ attempts: 1 })
    expect(processed(receiver.log.deliveries, 'failed').map(({ webhookId }) => webhookId)).toEqual([event.id])
  })

  test('and outlives our patience: the terminal event is repeated when it can be over, also if asked for before', async () => {
    const pipeline = await openPipeline({
      // Takes processing over long after we gave up on it, and so sets the finished job back.
      behave: atFirst('processing', [{ kind: 'slow', delayMs: 3000 }]),
      env: IMPATIENT,
    })
    const payload = payloadOf()
    expect(await pipeline.run(payload)).toMatchObject({ status: 'completed' })
    const { log } = pipeline.receiver
    await expect.poll(() => log.job(payload.id)?.last.status, { timeout: 10_000 }).toBe('processing')

    expect(await deliveryState(pipeline, payload.id)).toBe('RUNNING')
    const timer = await waitOf(pipeline, payload.id)
    expect(timer).toBeGreaterThan(380)
    expect(timer).toBeLessThanOrEqual(400)
    expect(await pipeline.pipeline.redeliver(payload.id)).toMatchObject({ action: 'hastened' })
    await expect.poll(() => log.job(payload.id)?.last.status, { timeout: 10_000 }).toBe('completed')
    expect(await deliveryState(pipeline, payload.id)).toBe('RUNNING')
    expect(new Set(told(log.deliveries, 'completed').map(({ webhookId }) => webhookId)).size).toBe(1)
  })

  test('hangs for ever: the job ends, and no two deliveries overlap', async () => {
    const pipeline = await openPipeline({
      behave: ({ status }) => (status === 'processing' ? 'hang' : 'ok'),
      env: IMPATIENT,
    })
    const payload = payloadOf()
    expect(await pipeline.run(payload)).toMatchObject({ status: 'completed' })
    const { deliveries, overlaps } = pipeline.receiver.log
    expect(overlaps).toEqual([])
    expect(deliveries.at(-1)).toMatchObject({ status: 'completed', processed: true })
    expect(await deliveryState(pipeline, payload.id)).toBe('RUNNING')
  })
})

test.each(['answer-lost', 'half-open'] as const)(
  '%s after the work was done: the same event again, once',
  async behaviour => {
    const { run, receiver } = await openPipeline({
      behave: atFirst('completed', [behaviour]),
      env: IMPATIENT,
    })
    await run(payloadOf())
    const terminal = told(receiver.log.deliveries, 'completed')
    expect(terminal.length).toBe(2)
    expect(new Set(terminal.map(({ webhookId, body }) => `${webhookId} ${body}`)).size).toBe(1)
  },
)

test('a receiver that is down for the whole run delays nothing, and gets its event at once when asked', {
  timeout: 60_000,
}, async () => {
  const port = await freePort()
  const pipeline = await openPipeline({
    env: { CALLBACK_URL: `http://127.0.0.1:${port}/functions/v1/job-callback` },
  })
  const payload = payloadOf()
  expect(await pipeline.run(payload)).toMatchObject({ status: 'completed' })
  expect(await deliveryState(pipeline, payload.id)).toBe('RUNNING')
  expect(await pipeline.pipeline.get(payload.id)).toMatchObject({ status: 'completed', callback: 'retrying' })

  const receiver = await startCallbackReceiver({ port })
  onTestFinished(() => receiver.close())
  expect(await pipeline.pipeline.redeliver(payload.id)).toMatchObject({ action: 'hastened' })
  await expect.poll(() => receiver.log.deliveries.length, { timeout: 5000 }).toBe(1)
  expect(receiver.log.deliveries).toMatchObject([
    { status: 'completed', webhookId: `evt_${payload.id}_2`, processed: true },
  ])
  await expect.poll(() => deliveryState(pipeline, payload.id)).toBe('COMPLETED')
  expect(await pipeline.pipeline.get(payload.id)).toMatchObject({ callback: 'delivered' })
  // A delivery may be tried for a month, and its history is bounded: `retrying` and `delivered` are written once each.
  const { events } = await pipeline.temporal.workflow
    .getHandle(workflowIds.callback(payload.id))
    .fetchHistory()
  const written = events?.filter(event => event.upsertWorkflowSearchAttributesEventAttributes)
  expect(written).toHaveLength(2)
})

describe('what is given up', () => {
  test('is listed, and can be delivered by hand', async () => {
    let down = true
    const pipeline = await openPipeline({
      behave: () => (down ? 'server-error' : 'ok'),
      env: { CALLBACK_RETRY_HOURS: String(0.5 / 3600) },
    })
    const payload = payloadOf()
    expect(await pipeline.run(payload)).toMatchObject({ status: 'completed' })
    await expect.poll(() => deliveryState(pipeline, payload.id), { timeout: 10_000 }).toBe('FAILED')
    const undelivered = async () =>
      (await pipeline.pipeline.list({ undelivered: true })).map(({ jobId }) => jobId)
    await expect.poll(undelivered, { interval: 1100, timeout: 10_000 }).toEqual([payload.id])
    // The delivery may be remembered longer than the job, and is then what says whose it was.
    const given = await pipeline.temporal.workflow.getHandle(workflowIds.callback(payload.id)).describe()
    const { userId, jobType } = attributeKeys
    expect([userId, jobType].map(key => given.typedSearchAttributes.get(key))).toEqual([
      payload.user_id,
      payload.type,
    ])

    down = false
    expect(await pipeline.pipeline.redeliver(payload.id)).toMatchObject({ action: 'started' })
    await expect.poll(() => pipeline.heard(payload.id).length, { timeout: 10_000 }).toBe(1)
    expect(pipeline.receiver.log.job(payload.id)?.last).toMatchObject({ status: 'completed' })
    await expect.poll(undelivered, { interval: 1100, timeout: 10_000 }).toEqual([])
  })

  test('is tried once more where somebody asked for it while the last attempt was under way', async () => {
    const answering = Promise.withResolvers<void>()
    const gone = await startGoneReceiver(() => answering.promise)
    const pipeline = await openPipeline({ gpu: false, env: { CALLBACK_URL: gone.url } })
    const { delivery } = await startDelivery(pipeline)
    await expect.poll(gone.asked).toBe(1)
    await delivery.signal(SIGNALS.deliverNow)
    answering.resolve()
    await expect(delivery.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('refused after 2 attempts') },
    })
    expect(gone.asked()).toBe(2)
  })

  test('as 410 Gone says that it always will be, is given up at once', async () => {
    const gone = await startGoneReceiver()
    const pipeline = await openPipeline({ env: { CALLBACK_URL: gone.url } })
    const payload = payloadOf()
    expect(await pipeline.run(payload)).toMatchObject({ status: 'completed' })
    await expect.poll(() => deliveryState(pipeline, payload.id), { timeout: 10_000 }).toBe('FAILED')
    await expect
      .poll(async () => (await pipeline.pipeline.list({ undelivered: true })).map(({ jobId }) => jobId), {
        interval: 1100,
        timeout: 10_000,
      })
      .toEqual([payload.id])
    // `processing` and `completed`, once each.
    expect(gone.asked()).toBe(2)
  })
})

test('with a secret every delivery is signed as Standard Webhooks do', async () => {
  const secret = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`
  const { run, receiver } = await openPipeline({ env: { CALLBACK_SECRET: secret, CALLBACK_TOKEN: 'token' } })
  await run(payloadOf())
  expect(receiver.log.deliveries.length).toBe(2)
  for (const { body, headers } of receiver.log.deliveries) {
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
    const forged = { ...headers, 'webhook-id': 'evt_other' }
    expect(() => new Webhook(secret).verify(body, forged)).toThrow()
  }
})

describe('the metrics URL', () => {
  test('gets the record of the worker and, for a completed job, that of the job', async () => {
    const usage = await startCallbackReceiver()
    onTestFinished(() => usage.close())
    const { run } = await openPipeline({ env: { METRICS_URL: usage.metricsUrl } })
    const payload = payloadOf({ config: { num_images: 3 } })
    const outcome = await run(payload)
    expect(usage.usage).toEqual([
      expect.objectContaining({
        worker_id: outcome.receipt?.host,
        job_type: 'sdxl_image_fast',
        success: true,
        generation_time: expect.any(Number),
        vram_used: null,
      }),
      expect.objectContaining({ job_id: payload.id, user_id: payload.user_id, assets_generated: 3 }),
    ])
    const failed = payloadOf({ metadata: { simulate: 'invalid_input' } })
    await run(failed)
    expect(usage.usage.slice(2)).toMatchObject([{ job_type: 'sdxl_image_fast', success: false }])
  })

  test('may be dead without any job noticing', async () => {
    const { run, pipeline } = await openPipeline({
      env: { METRICS_URL: `http://127.0.0.1:${await freePort()}/metrics` },
    })
    const payload = payloadOf()
    expect(await run(payload)).toMatchObject({ status: 'completed' })
    expect(await ending({ pipeline }, payload.id)).toMatchObject({ status: 'completed' })
  })
})

/** Seconds of the last timer that the delivery workflow waits for. */
async function waitOf(
  { temporal }: Pick<Awaited<ReturnType<typeof openPipeline>>, 'temporal'>,
  jobId: string,
): Promise<number> {
  const { events } = await temporal.workflow.getHandle(workflowIds.callback(jobId)).fetchHistory()
  const timers = events?.flatMap(event => event.timerStartedEventAttributes ?? []) ?? []
  return Number(timers.at(-1)?.startToFireTimeout?.seconds)
}
