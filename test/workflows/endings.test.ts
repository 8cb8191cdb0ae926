import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { startSupabaseStorage } from '../standins/supabaseStorage.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'
import { untilSwept } from './untilSwept.ts'

test('a job completes: processing, then completed with every asset in its order', async () => {
  const { run, heard, receiver } = await openPipeline({ env: { METRICS_URL: '' } })
  const payload = payloadOf({ config: { num_images: 3, expected_time: 8 }, metadata: { credits: 3 } })
  const outcome = await run(payload)

  expect(outcome).toMatchObject({ status: 'completed', seed: 7, bucket: 'sdxl_image_fast', failure: null })
  const [processing, completed, ...more] = heard(payload.id)
  expect(more).toEqual([])
  expect(processing).toMatchObject({
    job_id: payload.id,
    status: 'processing',
    metadata: { seed: 7, credits: 3 },
  })
  expect(completed).toMatchObject({
    job_id: payload.id,
    status: 'completed',
    assets: [0, 1, 2].map(index => `${payload.user_id}/${payload.id}/${index}.png`),
    metadata: {
      seed: 7,
      num_images: 3,
      expected_time: 8,
      credits: 3,
      created_from: 'test',
      thumbnails: [0, 1, 2].map(index => `${payload.user_id}/${payload.id}/${index}.thumb.webp`),
    },
  })
  expect(receiver.log.deliveries.map(({ webhookId, sequence }) => [webhookId, sequence])).toEqual([
    [`evt_${payload.id}_1`, 1],
    [`evt_${payload.id}_2`, 2],
  ])
})

test('an invalid payload fails with the field that is wrong, and is told so', async () => {
  const { run, heard } = await openPipeline({ gpu: false })
  const payload = payloadOf({ config: { num_images: 4 } })
  const outcome = await run(payload)
  expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'invalid_job' } })
  expect(heard(payload.id)).toMatchObject([
    {
      status: 'failed',
      error_message: expect.stringMatching(/config\.num_images.*4.*1, 3, 6/),
      metadata: {
        error_type: 'invalid_job',
        error_timestamp: expect.any(String),
        worker_version: expect.any(String),
      },
    },
  ])
})

test('a reference that is not there fails the job before any GPU work; with reference_fallback it renders without', async () => {
  const server = createServer((_request, response) => response.writeHead(404).end())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/gone.png`
  const { run, heard } = await openPipeline()

  const strict = payloadOf({ metadata: { reference_image_url: url } })
  expect(await run(strict)).toMatchObject({
    status: 'failed',
    receipt: null,
    failure: { code: 'reference_not_found' },
  })
  const lenient = payloadOf({ metadata: { reference_image_url: url, reference_fallback: true } })
  expect(await run(lenient)).toMatchObject({ status: 'completed', referenceMode: 'none' })
  expect(heard(lenient.id).at(-1)?.metadata).toMatchObject({ reference_dropped: 'reference_not_found' })
})

test('a reference on a private address is forbidden, and nobody is asked for it', async () => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { run } = await openPipeline({ gpu: false, env: { REFERENCE_ALLOW_HOSTS: '' } })
  const payload = payloadOf({
    type: 'video_fast',
    config: { first_frame: `http://2130706433:${port}/a.png` },
  })
  expect(await run(payload)).toMatchObject({ failure: { code: 'reference_forbidden' } })
  expect(asked).toBe(0)
})

test('an engine that refuses fails the job; one that crashes once does not', async () => {
  const { run } = await openPipeline()
  const refused = payloadOf({ metadata: { simulate: 'invalid_input' } })
  expect(await run(refused)).toMatchObject({ status: 'failed', failure: { code: 'engine_rejected' } })
  const crashed = payloadOf({ metadata: { simulate: 'crash:once' } })
  expect(await run(crashed)).toMatchObject({ status: 'completed' })
})

test('a rewritten prompt of no use is not asked for again, as it would be the same: the original is rendered', async () => {
  const { run, heard } = await openPipeline()
  const enhanced = (simulate: string) =>
    payloadOf({ type: 'image7b_fast_enhanced', config: { size: '480*832' }, metadata: { simulate } })
  const useless = enhanced('internal:once')
  expect(await run(useless)).toMatchObject({ status: 'completed', enhancedPrompt: null })
  expect(heard(useless.id).at(-1)?.metadata).toMatchObject({ enhancement: 'failed' })
  // What can be otherwise the next time is tried again.
  const crashed = enhanced('crash:once')
  expect(await run(crashed)).toMatchObject({ status: 'completed', enhancedPrompt: expect.any(String) })
})

test('what the store refuses fails the job at once', async () => {
  const storage = await startSupabaseStorage({ buckets: { sdxl_image_high: {} } })
  onTestFinished(() => storage.close())
  const { run, heard } = await openPipeline({
    env: { STORE: 'supabase', SUPABASE_URL: storage.url, SUPABASE_SERVICE_ROLE_KEY: storage.key },
  })
  const payload = payloadOf()
  expect(await run(payload)).toMatchObject({ status: 'failed', failure: { code: 'store_refused' } })
  expect(heard(payload.id).map(({ status }) => status)).toEqual(['processing', 'failed'])
  const welcome = payloadOf({ type: 'sdxl_image_high' })
  expect(await run(welcome)).toMatchObject({ status: 'completed' })
  expect([...storage.objects.keys()].toSorted()).toEqual(
    ['0.png', '0.thumb.webp'].map(name => `sdxl_image_high/${welcome.user_id}/${welcome.id}/${name}`),
  )
})

test('without a GPU worker a job fails at its deadline', async () => {
  // Six hours, the deadline of an SDXL image, become three seconds.
  const { run, heard } = await openPipeline({ gpu: false, env: { DEADLINE_FACTOR: String(3 / 21_600) } })
  const payload = payloadOf()
  expect(await run(payload)).toMatchObject({ status: 'failed', failure: { code: 'deadline_exceeded' } })
  expect(heard(payload.id).map(({ status }) => status)).toEqual(['processing', 'failed'])
})

test('a job cancelled before the card began is aborted', async () => {
  const { pipeline, heard, ...rest } = await openPipeline({ gpu: false })
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect.poll(() => heard(payload.id).length).toBe(1)
  await pipeline.cancel(payload.id)
  expect(await ending({ pipeline }, payload.id)).toMatchObject({ status: 'aborted' })
  expect(heard(payload.id).at(-1)).toMatchObject({ status: 'failed', metadata: { error_type: 'aborted' } })
  const { status } = await rest.temporal.workflow.getHandle(workflowIds.job(payload.id)).describe()
  expect(status.name).toBe('CANCELLED')
})

test('a job cancelled while it renders is canceled, and the card is free at once', async () => {
  const { pipeline, heard, run } = await openPipeline({ env: { PREVIEW_SPEED: '0.5' } })
  const payload = payloadOf({ type: 'video_fast' })
  await pipeline.submit(payload)
  await expect.poll(async () => (await pipeline.get(payload.id)).phase, { timeout: 20_000 }).toBe('rendering')
  await pipeline.cancel(payload.id)
  expect(await ending({ pipeline }, payload.id)).toMatchObject({ status: 'canceled' })
  expect(heard(payload.id).at(-1)).toMatchObject({ status: 'failed', metadata: { error_type: 'canceled' } })
  expect(await run(payloadOf())).toMatchObject({ status: 'completed' })
})

test('a workflow terminated by hand gets its one terminal callback from the reconciler', {
  timeout: 120_000,
}, async () => {
  const stack = await openPipeline({ gpu: false, env: { RECONCILE_SECONDS: '1' } })
  const { pipeline, temporal, heard } = stack
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect.poll(() => heard(payload.id).length).toBe(1)
  await temporal.workflow.getHandle(workflowIds.job(payload.id)).terminate('by hand')
  await untilSwept(stack, () => heard(payload.id).length > 1)
  expect(heard(payload.id).at(-1)).toMatchObject({ status: 'failed', metadata: { error_type: 'terminated' } })
  // Two more sweeps deliver nothing more.
  await new Promise(resolve => setTimeout(resolve, 3000))
  expect(heard(payload.id).length).toBe(2)
})
