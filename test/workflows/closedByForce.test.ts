import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'
import { reset } from './resetJob.ts'
import { untilSwept } from './untilSwept.ts'

const SWEEP_OFTEN = { RECONCILE_SECONDS: '1' }

/** A job whose end the reconciler delivers, to a receiver that takes no `failed` until it is told to recover. */
async function terminatedUntold() {
  let down = true
  const stack = await openPipeline({
    gpu: false,
    env: SWEEP_OFTEN,
    behave: ({ status }) => (down && status === 'failed' ? 'server-error' : 'ok'),
  })
  const { pipeline, temporal, heard, receiver } = stack
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect.poll(() => heard(payload.id).length).toBe(1)
  const job = temporal.workflow.getHandle(workflowIds.job(payload.id))
  await job.terminate('by hand')
  const ends = () =>
    receiver.log.deliveries.filter(({ jobId, sequence }) => jobId === payload.id && sequence === 2)
  await untilSwept(stack, () => ends().length > 0)
  const recover = () => {
    down = false
  }
  return { stack, payload, job, ends, recover }
}

test('a job that is reset in the Web UI is told its end once, by its last run', async () => {
  const stack = await openPipeline({ gpu: false, env: SWEEP_OFTEN })
  const { pipeline, heard, startGpu } = stack
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect.poll(() => heard(payload.id).length).toBe(1)
  await reset(stack, payload.id)
  // The run that the reset has closed looks like one that was terminated; three sweeps see it.
  await sleep(4000)
  await startGpu()
  expect(await pipeline.result(payload.id)).toMatchObject({ status: 'completed' })
  await sleep(2000)
  expect(heard(payload.id).filter(({ status }) => status !== 'processing')).toMatchObject([
    { status: 'completed' },
  ])
})

test('a job that was told, is reset, and is then terminated: its new end is told, under an id of its own', {
  timeout: 120_000,
}, async () => {
  const stack = await openPipeline({ gpu: false, env: SWEEP_OFTEN })
  const { pipeline, temporal, heard, receiver } = stack
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect.poll(() => heard(payload.id).length).toBe(1)
  const job = temporal.workflow.getHandle(workflowIds.job(payload.id))
  const first = await job.describe()
  await job.terminate('by hand')
  await untilSwept(stack, () => heard(payload.id).length === 2)

  await reset(stack, payload.id)
  const watching = pipeline.result(payload.id)
  watching.catch(() => {})
  await expect.poll(async () => (await job.describe()).status.name).toBe('RUNNING')
  const second = await job.describe()
  expect(second.runId).not.toBe(first.runId)
  await temporal.workflow.getHandle(job.workflowId, second.runId).terminate('by hand, again')
  await untilSwept(stack, () => terminalIds().length === 2)
  await expect(watching).rejects.toThrow()
  expect(terminalIds()).toEqual([`evt_${payload.id}_2`, `evt_${payload.id}_2_${second.runId.slice(0, 8)}`])
  await sleep(3000)
  expect(terminalIds().length).toBe(2)

  function terminalIds(): (string | null)[] {
    const told = receiver.log.deliveries.filter(
      ({ jobId, sequence }) => jobId === payload.id && sequence === 2,
    )
    return told.map(({ webhookId }) => webhookId)
  }
})

test('the end of a run after a reset takes the place of the one before, which is still being delivered', {
  timeout: 120_000,
}, async () => {
  const { stack, payload, job, ends, recover } = await terminatedUntold()
  const { temporal } = stack
  await reset(stack, payload.id)
  await expect.poll(async () => (await job.describe()).status.name).toBe('RUNNING')
  const { runId } = await job.describe()
  const delivery = temporal.workflow.getHandle(workflowIds.callback(payload.id))
  const first = await delivery.describe()
  await job.terminate('by hand, again')
  await expect.poll(async () => (await delivery.describe()).runId, { timeout: 30_000 }).not.toBe(first.runId)
  recover()
  await expect.poll(() => ends().some(({ processed }) => processed), { timeout: 40_000 }).toBe(true)
  await sleep(3000)
  const taken = ends().filter(({ processed }) => processed)
  expect(taken.map(({ webhookId }) => webhookId)).toEqual([`evt_${payload.id}_2_${runId.slice(0, 8)}`])
})

test('a job that failed untold, is reset and completes: what it said before is not told after', {
  timeout: 120_000,
}, async () => {
  const { stack, payload, recover } = await terminatedUntold()
  const { pipeline, temporal, heard } = stack
  await reset(stack, payload.id)
  await stack.startGpu()
  expect(await pipeline.result(payload.id)).toMatchObject({ status: 'completed' })
  recover()
  expect(await pipeline.redeliver(payload.id)).toMatchObject({ action: 'hastened' })
  const delivery = temporal.workflow.getHandle(workflowIds.callback(payload.id))
  await expect
    .poll(async () => (await delivery.describe()).status.name, { timeout: 30_000 })
    .toBe('COMPLETED')
  expect(heard(payload.id).filter(({ status }) => status !== 'processing')).toMatchObject([
    { status: 'completed' },
  ])
})

test('a job that is reset when its end is being delivered already: the delivery goes on', {
  timeout: 60_000,
}, async () => {
  let down = true
  const stack = await openPipeline({
    gpu: false,
    env: { TIME_SCALE: '0.05' },
    behave: () => (down ? 'server-error' : 'ok'),
  })
  const { pipeline, heard, temporal } = stack
  const payload = payloadOf({ config: { num_images: 2 } })
  await pipeline.submit(payload)
  await expect(pipeline.result(payload.id)).rejects.toThrow()
  const job = temporal.workflow.getHandle(workflowIds.job(payload.id))
  const { runId } = await job.describe()
  await reset(stack, payload.id, 'last')
  await expect.poll(async () => (await job.describe()).status.name).not.toBe('RUNNING')
  expect((await job.describe()).runId).not.toBe(runId)
  down = false
  expect(await pipeline.redeliver(payload.id)).toMatchObject({ action: 'hastened' })
  await expect
    .poll(() => heard(payload.id).map(({ status }) => status), { timeout: 20_000 })
    .toEqual(['failed'])
})

test('a job that is reset after its deadline has all of it again', { timeout: 60_000 }, async () => {
  const stack = await openPipeline({
    gpu: false,
    env: { DEADLINE_FACTOR: String(15 / 21_600), PREVIEW_SPEED: '1' },
  })
  const { pipeline } = stack
  const payload = payloadOf()
  await pipeline.submit(payload)
  expect(await ending(stack, payload.id)).toMatchObject({ failure: { code: 'deadline_exceeded' } })
  await reset(stack, payload.id)
  await stack.startGpu()
  expect(await pipeline.result(payload.id)).toMatchObject({ status: 'completed' })
})

test('a job terminated while processing is being delivered: no overlap, and the end is told last', {
  timeout: 120_000,
}, async () => {
  const stack = await openPipeline({
    gpu: false,
    env: { ...SWEEP_OFTEN, CALLBACK_TIMEOUT_SECONDS: '3' },
    behave: ({ status }) => (status === 'processing' ? { kind: 'slow', delayMs: 2500 } : 'ok'),
  })
  const { pipeline, temporal, receiver, heard } = stack
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect.poll(() => receiver.log.deliveries.length).toBe(1)
  await temporal.workflow.getHandle(workflowIds.job(payload.id)).terminate('by hand')
  await untilSwept(stack, () => heard(payload.id).length > 1)
  expect(heard(payload.id).map(({ status }) => status)).toEqual(['processing', 'failed'])
  expect(receiver.log.overlaps).toEqual([])
})

test('a job that cannot be read does not keep others from their callback', { timeout: 120_000 }, async () => {
  const stack = await openPipeline({ gpu: false, env: SWEEP_OFTEN })
  const { pipeline, temporal, heard, config } = stack
  const [odd, plain] = [payloadOf(), payloadOf()]
  const jobsQueue = `${config.temporal.queuePrefix}.jobs`
  await temporal.workflow.start('generateMediaWorkflow', {
    workflowId: workflowIds.job(odd.id),
    taskQueue: jobsQueue,
    startDelay: '1 hour',
    args: [new Uint8Array([1, 2, 3])],
    searchAttributes: { JobStatus: ['queued'] },
  })
  await pipeline.submit(plain)
  await expect.poll(() => heard(plain.id).length).toBe(1)
  for (const { id } of [odd, plain])
    await temporal.workflow.getHandle(workflowIds.job(id)).terminate('by hand')
  for (const { id } of [odd, plain]) {
    await untilSwept(stack, () => heard(id).at(-1)?.metadata.error_type === 'terminated')
  }
})

test('a receiver that hangs does not keep the references of other jobs waiting', async () => {
  const { pipeline } = await openPipeline({
    gpu: false,
    env: { CALLBACK_TIMEOUT_SECONDS: '60' },
    behave: () => 'hang',
  })
  const many = Array.from({ length: 60 }, () => payloadOf())
  await Promise.all(many.map(payload => pipeline.submit(payload)))
  const late = payloadOf({ metadata: { reference_image_url: 'http://127.0.0.1:9/none.png' } })
  const began = Date.now()
  await pipeline.submit(late)
  // Refused at once, and tried four times within seconds; the hanging callbacks last a minute.
  await expect.poll(async () => (await pipeline.get(late.id)).phase, { timeout: 45_000 }).toBe('finishing')
  expect(Date.now() - began).toBeLessThan(50_000)
  await Promise.all([...many, late].map(({ id }) => pipeline.cancel(id)))
})

test('the card does not go on for a job that was terminated', async () => {
  const { pipeline, temporal, run } = await openPipeline({ env: { ...SWEEP_OFTEN, PREVIEW_SPEED: '0.5' } })
  // More than a minute of the card.
  const video = payloadOf({ type: 'video_fast' })
  await pipeline.submit(video)
  await expect.poll(async () => (await pipeline.get(video.id)).phase, { timeout: 20_000 }).toBe('rendering')
  await temporal.workflow.getHandle(workflowIds.job(video.id)).terminate('by hand')
  const next = await run(payloadOf())
  expect(next.receipt?.timings.waitMs).toBeLessThan(40_000)
})
