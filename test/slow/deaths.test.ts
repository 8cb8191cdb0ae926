import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../dev/freePort.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import { payloadOf } from '../workflows/payloads.ts'
import { ending, openPipeline } from '../workflows/pipeline.ts'

test('a job that kills its program again and again is set aside alone, its enhancement left out', async () => {
  const { pipeline } = await openPipeline({ env: { PREVIEW_SPEED: '0.1' } })
  const video = payloadOf({ type: 'video_fast' })
  const poison = payloadOf({ type: 'video7b_fast_enhanced', metadata: { simulate: 'crash' } })
  const waiting = payloadOf()
  for (const payload of [poison, video, waiting]) await pipeline.submit(payload)
  await expect
    .poll(async () => (await pipeline.get(poison.id)).status, { timeout: 240_000, interval: 500 })
    .toBe('quarantined')
  expect(await ending({ pipeline }, video.id)).toMatchObject({ status: 'completed' })
  expect(await ending({ pipeline }, waiting.id)).toMatchObject({ status: 'completed' })
  await pipeline.quarantine.reject(poison.id)
  expect(await ending({ pipeline }, poison.id)).toMatchObject({ failure: { code: 'quarantine_rejected' } })
})

test('a job cancelled while its worker is dead ends as canceled, once Temporal knows of the death', async () => {
  const { pipeline, config, heard } = await openPipeline({ gpu: false })
  const port = await freePort()
  const worker = await startStackWorker({
    kind: 'gpu',
    healthPort: port,
    logFile: join(config.dataDir, 'gpu.log'),
    env: {
      DATA_DIR: config.dataDir,
      TEMPORAL_ADDRESS: config.temporal.address,
      TASK_QUEUE_PREFIX: config.temporal.queuePrefix,
      GPU_HEALTH_PORT: String(port),
      PREVIEW_SPEED: '0.5',
    },
  })
  const payload = payloadOf({ type: 'video_fast' })
  await pipeline.submit(payload)
  await expect.poll(async () => (await pipeline.get(payload.id)).phase, { timeout: 20_000 }).toBe('rendering')
  process.kill(worker.pid, 'SIGKILL')
  await worker.ended
  await pipeline.cancel(payload.id)
  expect(await ending({ pipeline }, payload.id)).toMatchObject({ status: 'canceled' })
  expect(heard(payload.id).at(-1)).toMatchObject({ status: 'failed', metadata: { error_type: 'canceled' } })
})
