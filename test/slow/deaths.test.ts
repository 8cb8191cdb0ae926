import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../dev/freePort.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { livesWith, readDrawn } from '../workflows/drawn.ts'
import { payloadOf } from '../workflows/payloads.ts'
import { ending, openPipeline } from '../workflows/pipeline.ts'

test('a job that kills its program always: its enhancement is left out after three deaths, and it is set aside after three more', async () => {
  const PREVIEW_LOG = join(await temporaryDirectory(), 'drawn.jsonl')
  const { pipeline } = await openPipeline({ env: { PREVIEW_SPEED: '0.1', PREVIEW_LOG } })
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
  const drawn = await readDrawn(PREVIEW_LOG)
  const lives = [`enhance-${poison.id}`, poison.id].map(id => livesWith(drawn, id))
  expect(lives.map(({ length }) => length)).toEqual([3, 3])
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
