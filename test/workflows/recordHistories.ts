import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import sharp from 'sharp'
import { expect, onTestFinished } from 'vitest'
import { freePort } from '../../dev/freePort.ts'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { WORKFLOW_TYPES } from '../../jobs/temporalNames.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import type { CardCommandInput } from '../../workflows/types.ts'
import { losing, withReference } from './lostReferences.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline, type PipelineOptions } from './pipeline.ts'

const open = ({ env, ...options }: PipelineOptions) =>
  openPipeline({ ...options, env: { HOST_ID: 'card-1', RECONCILE_SECONDS: '1', ...env } })

/** A history of earlier code stays, and the new one gets its day into its name. */
function newFile(folder: string, name: string): string {
  const file = join(folder, `${name}.json`)
  return existsSync(file) ? join(folder, `${name}-${new Date().toISOString().slice(0, 10)}.json`) : file
}

/** Runs jobs of many endings, and writes the histories of their workflows into a folder, one JSON file each. */
export async function recordHistories(folder: string): Promise<void> {
  const save = async (temporal: Client, workflowId: string, name: string) => {
    const history = await temporal.workflow.getHandle(workflowId).fetchHistory()
    await writeFile(newFile(folder, name), `${neutral(historyToJSON(history))}\n`)
  }

  const { run, temporal, pipeline, heard, config } = await open({})
  const picture = await servePicture()
  const jobs = {
    'image-completed': payloadOf({ config: { num_images: 3 } }),
    'video-both-references': payloadOf({
      type: 'video_fast',
      config: { first_frame: `${picture}/first.png`, last_frame: `${picture}/last.png` },
    }),
    'image-engine-rejected': payloadOf({ metadata: { simulate: 'invalid_input' } }),
    'image-invalid': payloadOf({ config: { num_images: 4 } }),
    'video-enhanced': payloadOf({ type: 'video7b_fast_enhanced' }),
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
  expect(heard(jobs['image-completed'].id).length).toBe(2)
  expect((await pipeline.get(jobs['image-completed'].id)).status).toBe('completed')
}

/** Without what tells of the machine that ran it: no replay reads that. */
function neutral(history: string): string {
  const hidden = new Map([
    ['stackTrace', ''],
    ['identity', 'worker'],
  ])
  const text = JSON.stringify(JSON.parse(history), (key, value: unknown) => hidden.get(key) ?? value, 1)
  // A worker's own queue is named after its process and host.
  return text.replaceAll(/\d+@[\w.-]+/g, match => (match.includes(hostname()) ? 'worker' : match))
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
