import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import type { JobOutcome } from '../../workflows/types.ts'
import { type StorageStandIn, startSupabaseStorage } from '../standins/supabaseStorage.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { attempts } from './attempts.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline, type Pipeline, type PipelineOptions } from './pipeline.ts'
import { startMachine } from './startMachine.ts'
import { untilSwept } from './untilSwept.ts'

const BUCKET = 'sdxl_image_fast'

async function startStorage(port?: number): Promise<StorageStandIn> {
  const storage = await startSupabaseStorage({
    buckets: { [BUCKET]: {} },
    ...(port === undefined ? {} : { port }),
  })
  onTestFinished(() => storage.close())
  return storage
}

function openOn(storage: StorageStandIn, { env, ...options }: PipelineOptions = {}): Promise<Pipeline> {
  return openPipeline({
    ...options,
    env: {
      STORE: 'supabase',
      SUPABASE_URL: storage.url,
      SUPABASE_SERVICE_ROLE_KEY: storage.key,
      UPLOAD_TIMEOUT_SECONDS: '1',
      ...env,
    },
  })
}

/** How often activities of a type were scheduled for a job; a retry is none. */
async function scheduled({ temporal }: Pipeline, jobId: string, type: string): Promise<number> {
  const { events } = await temporal.workflow.getHandle(workflowIds.job(jobId)).fetchHistory()
  return (events ?? []).filter(
    event => event.activityTaskScheduledEventAttributes?.activityType?.name === type,
  ).length
}

/** The assets in the store are byte for byte what was rendered, and each has its thumbnail. */
function expectWhole(storage: StorageStandIn, outcome: JobOutcome): void {
  const files = outcome.receipt?.files ?? []
  expect(outcome.assets.length).toBe(files.length)
  for (const { index, path, thumbnailPath } of outcome.assets) {
    const bytes = storage.objects.get(`${BUCKET}/${path}`)?.bytes ?? Buffer.alloc(0)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(files[index]?.sha256)
    expect(storage.objects.has(`${BUCKET}/${thumbnailPath}`)).toBe(true)
  }
}

describe('a store that fails a job’s uploads and comes back', () => {
  test.each(['badGateway', 'hang', 'reset', 'halfOpen', 'answerLost'] as const)(
    'after a fault of kind %s the files are uploaded, and not rendered again',
    async kind => {
      const storage = await startStorage()
      storage.failNext({ kind }, { times: 4 })
      const pipeline = await openOn(storage)
      const payload = payloadOf({ config: { num_images: 3 } })
      const outcome = await pipeline.run(payload)
      expect(outcome).toMatchObject({ status: 'completed', seed: 7 })
      expectWhole(storage, outcome)
      expect(storage.objects.size).toBe(6)
      expect(await attempts(pipeline, payload.id, 'generate')).toEqual([1])
      expect(await scheduled(pipeline, payload.id, 'uploadAssets')).toBe(1)
      expect((await attempts(pipeline, payload.id, 'uploadAssets'))[0]).toBeGreaterThan(1)
    },
  )

  test('a store that was down for the whole render gets everything once it is up', async () => {
    const first = await startStorage()
    const port = Number(new URL(first.url).port)
    await first.close()
    const pipeline = await openOn(first)
    const payload = payloadOf()
    await pipeline.pipeline.submit(payload)
    await expect
      .poll(async () => (await pipeline.pipeline.get(payload.id)).attempt, { timeout: 15_000 })
      .toBeGreaterThan(1)
    const storage = await startStorage(port)
    const outcome = await ending(pipeline, payload.id)
    expect(outcome).toMatchObject({ status: 'completed' })
    expectWhole(storage, outcome)
    expect(await attempts(pipeline, payload.id, 'generate')).toEqual([1])
  })

  test('uploads that wait because many hang are not taken for those of a lost host', {
    timeout: 60_000,
  }, async () => {
    const storage = await startStorage()
    const pipeline = await openOn(storage, {
      env: { HOST_LOST_SECONDS: '1', UPLOAD_TIMEOUT_SECONDS: '8' },
    })
    storage.failNext({ kind: 'hang' }, { times: 16 })
    const payloads = Array.from({ length: 12 }, () => payloadOf())
    for (const payload of payloads) await pipeline.pipeline.submit(payload)
    const outcomes = await Promise.all(payloads.map(({ id }) => ending(pipeline, id)))
    expect(outcomes.map(({ status, failure }) => failure?.detail ?? status)).toEqual(
      payloads.map(() => 'completed'),
    )
    for (const outcome of outcomes) expectWhole(storage, outcome)
  })

  test('uploads that hang on two hosts: nothing is rendered again by the other, and the cards answer', {
    timeout: 90_000,
  }, async () => {
    const storage = await startStorage()
    const pipeline = await openOn(storage, {
      gpu: false,
      env: { HOST_LOST_SECONDS: '1', UPLOAD_TIMEOUT_SECONDS: '8' },
    })
    const PREVIEW_LOG = join(await temporaryDirectory(), 'renders.jsonl')
    await pipeline.startGpu({ HOST_ID: 'host-a', DATA_DIR: await temporaryDirectory(), PREVIEW_LOG })
    await startMachine(pipeline, 'host-b', await temporaryDirectory(), {
      STORE: 'supabase',
      SUPABASE_URL: storage.url,
      SUPABASE_SERVICE_ROLE_KEY: storage.key,
      UPLOAD_TIMEOUT_SECONDS: '8',
      PREVIEW_SPEED: '0',
      PREVIEW_LOG,
    })
    storage.failNext({ kind: 'hang' }, { times: 32 })
    const payloads = Array.from({ length: 24 }, () => payloadOf())
    for (const payload of payloads) await pipeline.pipeline.submit(payload)
    await expect.poll(() => storage.requests.length, { timeout: 20_000 }).toBeGreaterThan(20)
    for (const hostId of ['host-a', 'host-b']) {
      const { lanes } = await pipeline.pipeline.card(hostId).status()
      expect(lanes.every(({ ready }) => ready)).toBe(true)
    }

    const outcomes = await Promise.all(payloads.map(({ id }) => ending(pipeline, id)))
    expect(outcomes.map(({ status, failure }) => failure?.detail ?? status)).toEqual(
      payloads.map(() => 'completed'),
    )
    for (const outcome of outcomes) expectWhole(storage, outcome)
    const begun = (await readFile(PREVIEW_LOG, 'utf8'))
      .split('\n')
      .filter(line => line.includes('"event":"begun"'))
      .map(line => JSON.parse(line).id)
    expect(begun.toSorted()).toEqual(payloads.map(({ id }) => id).toSorted())
  })
})

describe('what a job has uploaded', () => {
  test('is gone after a cancellation between two uploads, and after a termination', {
    timeout: 120_000,
  }, async () => {
    const storage = await startStorage()
    const pipeline = await openOn(storage, { env: { UPLOAD_TIMEOUT_SECONDS: '60', RECONCILE_SECONDS: '1' } })
    const { temporal } = pipeline
    const [canceled, terminated] = [1, 2].map(() => payloadOf({ config: { num_images: 6 } }))
    if (!canceled || !terminated) throw new Error('two jobs')
    const uploaded = ({ id }: { id: string }) =>
      [...storage.objects.keys()].filter(path => path.includes(id)).length
    // Four objects of each; a job has six uploads under way at once.
    for (const times of [6, 40]) {
      storage.failNext({ kind: 'slow', delayMs: 10 }, { times: 4, method: 'POST' })
      storage.failNext({ kind: 'slow', delayMs: 3000 }, { times, method: 'POST' })
    }
    for (const payload of [canceled, terminated]) await pipeline.pipeline.submit(payload)
    const both = () => [canceled, terminated].map(uploaded)
    await expect.poll(() => Math.min(...both()), { timeout: 40_000 }).toBeGreaterThan(0)
    expect(Math.max(...both())).toBeLessThan(12)
    await pipeline.pipeline.cancel(canceled.id)
    await temporal.workflow.getHandle(workflowIds.job(terminated.id)).terminate('by hand')
    expect(await ending(pipeline, canceled.id)).toMatchObject({ status: 'canceled', assets: [] })
    const removal = temporal.workflow.getHandle(`remove-assets-${canceled.id}`)
    await expect.poll(async () => (await removal.describe()).status.name).not.toBe('UNSPECIFIED')
    await expect.poll(() => uploaded(canceled), { timeout: 10_000 }).toBe(0)
    await untilSwept(pipeline, () => pipeline.heard(terminated.id).at(-1)?.status === 'failed')
    await expect.poll(() => uploaded(terminated), { timeout: 20_000 }).toBe(0)
    // What the store was still working on when we left is not to come back.
    await new Promise(resolve => setTimeout(resolve, 4000))
    expect([...storage.objects.keys()]).toEqual([])
  })

  test('is removed as soon as a store that is down allows it', { timeout: 60_000 }, async () => {
    const storage = await startStorage()
    const pipeline = await openOn(storage)
    const payload = payloadOf({ config: { num_images: 3 } })
    storage.failNext({ kind: 'slow', delayMs: 0 }, { times: 2, method: 'POST' })
    storage.failNext({ kind: 'badGateway' }, { times: 100, method: 'POST' })
    storage.failNext({ kind: 'badGateway' }, { times: 2, method: 'DELETE' })
    await pipeline.pipeline.submit(payload)
    await expect
      .poll(async () => (await pipeline.pipeline.get(payload.id)).attempt, { timeout: 15_000 })
      .toBeGreaterThan(1)
    expect(storage.objects.size).toBeGreaterThan(0)
    await pipeline.pipeline.cancel(payload.id)
    expect(await ending(pipeline, payload.id)).toMatchObject({ status: 'canceled' })
    await expect.poll(() => storage.objects.size, { timeout: 15_000 }).toBe(0)
  })
})

test('a host that is lost with its files: another renders the same picture again', {
  timeout: 90_000,
}, async () => {
  const storage = await startStorage()
  const pipeline = await openOn(storage, {
    gpu: false,
    env: { HOST_LOST_SECONDS: '2', SHUTDOWN_GRACE_SECONDS: '1', UPLOAD_TIMEOUT_SECONDS: '60' },
  })
  const first = await pipeline.startGpu({ HOST_ID: 'host-a', DATA_DIR: await temporaryDirectory() })
  storage.failNext({ kind: 'hang' }, { times: 2 })
  // Without a seed of its own, so that the one chosen for it must hold for both renders.
  const payload = payloadOf({ config: { seed: undefined } })
  await pipeline.pipeline.submit(payload)
  await expect.poll(() => storage.requests.length, { timeout: 20_000 }).toBe(2)
  await first.stop()
  await pipeline.startGpu({ HOST_ID: 'host-b', DATA_DIR: await temporaryDirectory() })

  const outcome = await ending(pipeline, payload.id)
  expect(outcome).toMatchObject({ status: 'completed', receipt: { host: 'host-b' } })
  expectWhole(storage, outcome)
  // Once on each host, and between the two the first is asked whether it still has the files.
  expect(await scheduled(pipeline, payload.id, 'generate')).toBe(3)
  const [processing] = pipeline.heard(payload.id)
  expect(outcome.seed).toBe(processing?.metadata.seed)
  expect(pipeline.heard(payload.id).map(({ status }) => status)).toEqual(['processing', 'completed'])
})
