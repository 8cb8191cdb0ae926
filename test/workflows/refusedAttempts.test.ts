import { ApplicationFailure } from '@temporalio/common'
import { NativeConnection, Worker } from '@temporalio/worker'
import { expect, test } from 'vitest'
import { JOB_TYPES } from '../../jobs/jobTypes.ts'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'

const ATTEMPTS = JOB_TYPES.sdxl_image_fast.renderAttempts

test('attempts that come to a worker as it shuts down are not the job’s: it is rendered all the same', async () => {
  const pipeline = await openPipeline({ gpu: false, env: { TIME_SCALE: '0.05' } })
  const { temporal } = pipeline.config
  const connection = await NativeConnection.connect({ address: temporal.address })
  let refused = 0
  const leaving = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: queuesWithPrefix(temporal.queuePrefix).lane('sdxl'),
    activities: {
      // As the SDK's core answers for a worker that has begun to shut down.
      async generate() {
        refused += 1
        throw ApplicationFailure.create({ type: 'WorkerShutdown', message: 'Worker is shutting down' })
      },
    },
  })
  const payload = payloadOf({ type: 'sdxl_image_fast' })
  await leaving.runUntil(async () => {
    await pipeline.pipeline.submit(payload)
    await expect.poll(() => refused, { timeout: 30_000 }).toBeGreaterThanOrEqual(ATTEMPTS)
  })
  await connection.close()
  await pipeline.startGpu()
  expect(await ending(pipeline, payload.id)).toMatchObject({ status: 'completed' })
})
