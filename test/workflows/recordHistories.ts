import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { Client } from '@temporalio/client'
import sharp from 'sharp'
import { expect, onTestFinished } from 'vitest'
import { startCallbackReceiver } from '../../dev/callbackReceiver.ts'
import { freePort } from '../../dev/freePort.ts'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { WORKFLOW_TYPES } from '../../jobs/temporalNames.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import type { CardCommandInput } from '../../workflows/types.ts'
import { saveHistory } from './historyFiles.ts'
import { losing, withReference } from './lostReferences.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline, type PipelineOptions } from './pipeline.ts'

const open = ({ env, ...options }: PipelineOptions) =>
  openPipeline({ ...options, env: { HOST_ID: 'card-1', RECONCILE_SECONDS: '1', ...env } })

/** Runs jobs of many endings, and writes the histories of their workflows into a folder, one JSON file each. */
export async function recordHistories(folder: string): Promise<void> {
  const save = (temporal: Client, workflowId: string, name: string) =>
    saveHistory({ temporal, folder }, workflowId, name)

  const { run, temporal, pipeline, heard, config } = await open({})
  const picture = await servePicture()
  const anybody = randomUUID()
  const jobs = {
    'image-completed': payloadOf({ config: { num_images: 3 } }),
    'video-both-references': payloadOf({
      type: 'video_fast',
      config: { first_frame: `${picture}/first.png`, last_frame: `${picture}/last.png` },
    }),
    'image-engine-rejected': payloadOf({ metadata: { simulate: 'invalid_input' } }),
    'image-invalid': payloadOf({ config: { num_images: 4 } }),
    'video-enhanced': payloadOf({ type: 'video7b_fast_enhanced' }),
    'image-reference-dropped': payloadOf({
      userId: anybody,
      metadata: { reference_image_url: `reference_images/${anybody}/gone.png`, reference_fallback: true },
    }),
  }
  for (const [name, payload] of Object.entries(jobs)) {
    await run(payload)
    await save(temporal, workflowIds.job(payload.id), name)
  }

  await losing(config.staging.directory, [1, 3])
  const lost = await withReference({ config })
  await run(lost)
  await save(temporal, workflowIds.job(lost.id), 'image-reference-lost')

  const { id: jobId, user_id: userId } = jobs['image-completed']
  const removal = { bucket: 'sdxl_image_fast', userId, jobId, images: 3, extension: 'png', timeScale: 0.01 }
  const workflowId = workflowIds.removeAssets(jobId)
  const { jobs: taskQueue } = queuesWithPrefix(config.temporal.queuePrefix)
  await temporal.workflow.execute(WORKFLOW_TYPES.removeAssets, { workflowId, taskQueue, args: [removal] })
  await save(temporal, workflowId, 'assets-removed')

  for (const [hostId, name] of [
    ['card-1', 'card-paused'],
    ['nobody', 'card-unreachable'],
  ] as const) {
    const workflowId = workflowIds.cardCommand(hostId, config.temporal.queuePrefix)
    const input: CardCommandInput = { hostId, answerWithinMs: 1_000, command: 'pause', lanes: ['wan.video'] }
    const options = { workflowId, taskQueue, args: [input] }
    await temporal.workflow.execute(WORKFLOW_TYPES.cardCommand, options).catch(() => {})
    await save(temporal, workflowId, name)
  }

  const quarantined = {
    'quarantine-released': payloadOf({ metadata: { simulate: 'kill:thrice' } }),
    'quarantine-rejected': payloadOf({ metadata: { simulate: 'kill' } }),
  }
  for (const [name, payload] of Object.entries(quarantined)) {
    const { id } = payload
    await pipeline.submit(payload)
    await expect.poll(async () => (await pipeline.get(id)).status, { timeout: 40_000 }).toBe('quarantined')
    const decide = name === 'quarantine-released' ? pipeline.quarantine.release : pipeline.quarantine.reject
    await decide(id, { note: 'for the record' })
    await ending({ pipeline }, id)
    await save(temporal, workflowIds.job(id), name)
    await run(payloadOf())
  }

  const waiting = await open({ gpu: false })
  const aborted = payloadOf()
  const terminated = payloadOf()
  for (const payload of [aborted, terminated]) await waiting.pipeline.submit(payload)
  await expect.poll(() => waiting.receiver.log.deliveries.length).toBe(2)
  await waiting.pipeline.cancel(aborted.id)
  await ending(waiting, aborted.id)
  await save(temporal, workflowIds.job(aborted.id), 'image-aborted')
  await temporal.workflow.getHandle(workflowIds.job(terminated.id)).terminate('by hand')
  await expect.poll(() => waiting.heard(terminated.id).length, { timeout: 20_000 }).toBe(2)
  await temporal.workflow.getHandle(workflowIds.callback(terminated.id)).result()
  await save(temporal, workflowIds.job(terminated.id), 'image-terminated')
  await save(temporal, workflowIds.callback(terminated.id), 'delivery-by-reconciler')

  const unheard = await open({
    env: { CALLBACK_URL: `http://127.0.0.1:${await freePort()}/`, CALLBACK_RETRY_HOURS: String(6 / 3600) },
  })
  const undelivered = payloadOf()
  await unheard.run(undelivered)
  await temporal.workflow
    .getHandle(workflowIds.callback(undelivered.id))
    .result()
    .catch(() => {})
  await save(temporal, workflowIds.job(undelivered.id), 'image-receiver-down')
  await save(temporal, workflowIds.callback(undelivered.id), 'delivery-given-up')

  const usage = await startCallbackReceiver()
  onTestFinished(() => usage.close())
  const counted = await open({ env: { METRICS_URL: usage.metricsUrl } })
  const used = payloadOf()
  await counted.run(used)
  await save(temporal, workflowIds.job(used.id), 'image-with-usage')
  expect(usage.usage.length).toBe(2)
  expect(heard(jobs['image-reference-dropped'].id).at(-1)?.metadata).toHaveProperty('reference_dropped')
  expect(heard(jobs['image-completed'].id).length).toBe(2)
  expect((await pipeline.get(jobs['image-completed'].id)).status).toBe('completed')
}

async function servePicture(): Promise<string> {
  const picture = await sharp({ create: { width: 480, height: 320, channels: 3, background: '#264653' } })
    .png()
    .toBuffer()
  const server = createServer((_request, response) => response.end(picture))
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  onTestFinished(() => void server.close())
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}
