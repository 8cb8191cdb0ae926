import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ApplicationFailure } from '@temporalio/common'
import { NativeConnection, Worker } from '@temporalio/worker'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { JOB_TYPES } from '../../jobs/jobTypes.ts'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'

/** Attempts of one round. */
const FETCHES = 4

test.each([
  {
    what: 'it is rendered all the same',
    type: 'sdxl_image_fast',
    lane: 'sdxl',
    activity: 'generate',
    attempts: JOB_TYPES.sdxl_image_fast.renderAttempts,
    told: {},
  },
  {
    what: 'its prompt is rewritten all the same',
    type: 'image7b_fast_enhanced',
    lane: 'wan.enhance',
    activity: 'enhancePrompt',
    attempts: 3,
    told: { enhancement: 'applied' },
  },
] as const)('attempts that come to a worker as it shuts down are not the job’s: $what', async each => {
  const pipeline = await openPipeline({ gpu: false, env: { TIME_SCALE: '0.05' } })
  const { temporal } = pipeline.config
  const connection = await NativeConnection.connect({ address: temporal.address })
  let refused = 0
  const leaving = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: queuesWithPrefix(temporal.queuePrefix).lane(each.lane),
    activities: {
      // As the SDK's core answers for a worker that has begun to shut down.
      async [each.activity]() {
        refused += 1
        throw ApplicationFailure.create({ type: 'WorkerShutdown', message: 'Worker is shutting down' })
      },
    },
  })
  const payload = payloadOf({ type: each.type })
  await leaving.runUntil(async () => {
    await pipeline.pipeline.submit(payload)
    await expect.poll(() => refused, { timeout: 30_000 }).toBeGreaterThanOrEqual(each.attempts)
  })
  await connection.close()
  await pipeline.startGpu()
  expect(await ending(pipeline, payload.id)).toMatchObject({ status: 'completed' })
  expect(pipeline.heard(payload.id).at(-1)?.metadata).toMatchObject(each.told)
})

test('a reference that may be dropped is not, as the workers are restarted whenever it is fetched', {
  timeout: 60_000,
}, async () => {
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c33' } })
    .png()
    .toBuffer()
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    if (asked > FETCHES) response.setHeader('content-type', 'image/png').end(picture)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close().closeAllConnections())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.png`
  const pipeline = await openPipeline({ control: false, env: { SHUTDOWN_GRACE_SECONDS: '0.1' } })
  const payload = payloadOf({ metadata: { reference_image_url: url, reference_fallback: true } })
  await pipeline.pipeline.submit(payload)
  for (let fetches = 1; fetches <= FETCHES; fetches++) {
    const control = await pipeline.startControl()
    await expect.poll(() => asked, { timeout: 20_000 }).toBe(fetches)
    await control.stop()
  }
  await pipeline.startControl()
  expect(await ending(pipeline, payload.id)).toMatchObject({ status: 'completed', referenceMode: 'single' })
  expect(pipeline.heard(payload.id).at(-1)?.metadata).not.toHaveProperty('reference_dropped')
})
