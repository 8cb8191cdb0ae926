import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CardCommandFailedError, CardUnreachableError, InvalidArgumentError } from '../../client/index.ts'
import type { Lane } from '../../jobs/jobTypes.ts'
import { WORKFLOW_TYPES } from '../../jobs/temporalNames.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { CARD_FAILURES } from '../../workflows/types.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { payloadOf } from './payloads.ts'
import { openPipeline } from './pipeline.ts'
import { NEVER_READY, startMachine } from './startMachine.ts'

const HOST = 'card-1'

/** A pipeline whose videos take some seconds, and its card. */
async function openCard() {
  const pipeline = await openPipeline({ gpu: false, env: { HOST_ID: HOST, PREVIEW_SPEED: '0.03' } })
  const gpu = await pipeline.startGpu()
  const card = pipeline.pipeline.card(HOST)
  const laneOf = async (lane: Lane) => (await card.status()).lanes.find(status => status.lane === lane)
  return {
    ...pipeline,
    gpu,
    card,
    laneOf,
    async submitVideo() {
      const payload = payloadOf({ type: 'video_fast' })
      await pipeline.pipeline.submit(payload)
      return payload.id
    },
    holds: (id: string) =>
      expect.poll(async () => (await card.status()).holder?.taskId, { timeout: 20_000 }).toBe(id),
  }
}

test('a paused lane computes nothing and takes nothing, over a restart too, until it is resumed', {
  timeout: 120_000,
}, async () => {
  const { card, gpu, holds, laneOf, pipeline, run, startGpu, submitVideo } = await openCard()
  const first = await submitVideo()
  await holds(first)
  expect(await card.status()).toMatchObject({
    hostId: HOST,
    program: { status: 'ready', name: 'preview' },
    holder: { lane: 'wan.video', taskId: first },
  })
  await card.pause('wan.video')
  await expect.poll(async () => (await card.status()).holder, { timeout: 10_000 }).toBeNull()
  const second = await submitVideo()
  // Its request for work was under way when the lane was paused.
  await expect
    .poll(() => laneOf('wan.video'), { timeout: 20_000 })
    .toMatchObject({ mode: 'paused', ready: false, reason: 'the lane is paused', waiting: [second] })
  const third = await submitVideo()
  const before = await laneOf('wan.video')
  expect(before).toMatchObject({ running: [first] })
  expect(before?.heldSeconds).toBeGreaterThan(0)
  expect((await run(payloadOf())).status).toBe('completed')
  expect(await laneOf('wan.video')).toEqual(before)

  await gpu.stop()
  await startGpu()
  await sleep(1_500)
  expect((await card.pause('wan.video')).lanes.find(({ lane }) => lane === 'wan.video')).toMatchObject({
    mode: 'paused',
    running: [],
    waiting: [],
    heldSeconds: 0,
  })
  expect((await run(payloadOf())).status).toBe('completed')
  await card.resume('wan.video')
  for (const id of [first, second, third]) expect((await pipeline.result(id)).assets).toHaveLength(1)
  expect(await laneOf('wan.video')).toMatchObject({ mode: 'open', ready: true, reason: null, running: [] })
})

test('a paused job goes on where it was, and a drained lane finishes what it has and takes nothing new', {
  timeout: 120_000,
}, async () => {
  const { card, holds, laneOf, pipeline, submitVideo } = await openCard()
  const first = await submitVideo()
  await holds(first)
  await card.pause('wan.video', 'wan.image')
  await expect.poll(async () => (await card.status()).holder, { timeout: 10_000 }).toBeNull()
  const drained = await card.drain('wan.video')
  expect(drained.lanes.map(({ mode }) => mode)).toEqual(['open', 'paused', 'draining', 'open'])
  const late = await submitVideo()
  const { receipt } = await pipeline.result(first)
  expect(receipt?.timings.waitMs).toBeGreaterThan(0)
  await expect
    .poll(() => laneOf('wan.video'), { timeout: 20_000 })
    .toMatchObject({ mode: 'draining', running: [], waiting: [late] })
  await card.resume('wan.video')
  expect((await pipeline.result(late)).status).toBe('completed')
})

test('a host that does not answer, no control worker, and a command that is none are told apart', async () => {
  const here = await openPipeline({ gpu: false, env: { HOST_ID: HOST } })
  const uncontrolled = await openPipeline({ control: false, env: { HOST_ID: HOST } })
  const { pipeline, temporal, config } = here
  const nobody = pipeline.card('nobody', { answerWithinMs: 1_000 })
  await Promise.all([
    expect(nobody.status()).rejects.toThrow(
      new CardUnreachableError('No GPU worker of host nobody answers.'),
    ),
    expect(nobody.pause('sdxl')).rejects.toMatchObject({ code: 'card_unreachable' }),
    expect(uncontrolled.pipeline.card(HOST, { answerWithinMs: 1_000 }).status()).rejects.toThrow(
      /^No control worker carried the command out in time/,
    ),
    expect(pipeline.card('no body').status()).rejects.toThrow(InvalidArgumentError),
    expect(nobody.drain()).rejects.toThrow('Name at least one lane'),
  ])

  const { card } = await here.startGpu()
  const byHand = temporal.workflow.execute(WORKFLOW_TYPES.cardCommand, {
    workflowId: workflowIds.cardCommand(HOST, config.temporal.queuePrefix),
    taskQueue: `${config.temporal.queuePrefix}.jobs`,
    args: [{ hostId: HOST, answerWithinMs: 10_000, command: 'pause', lanes: ['sd3'] }],
  })
  await expect(byHand).rejects.toMatchObject({ cause: { type: CARD_FAILURES.failed } })
  expect(card.lanes.get('sdxl')).toBe('open')
})

test('a mode that cannot be kept is not taken, and the operator hears it', async () => {
  const { card, config, laneOf } = await openCard()
  const file = join(config.dataDir, 'card', `lanes-${HOST}.json`)
  // A folder where the file should be.
  await mkdir(file, { recursive: true })
  await expect(card.pause('sdxl')).rejects.toThrow(CardCommandFailedError)
  expect(await laneOf('sdxl')).toMatchObject({ mode: 'open', ready: true })
  await rm(file, { recursive: true })
  expect((await card.pause('sdxl')).lanes[0]).toMatchObject({ mode: 'paused' })
})

test('a worker whose program does not come up answers the operator all the same', {
  timeout: 60_000,
}, async () => {
  const pipeline = await openPipeline({ gpu: false })
  const stopping = new AbortController()
  const machine = startMachine(pipeline, 'slow', await temporaryDirectory(), NEVER_READY, stopping.signal)
  machine.catch(() => {})
  const card = pipeline.pipeline.card('slow')
  await expect
    .poll(() => card.status().catch(String), { timeout: 40_000 })
    .toMatchObject({ program: { status: 'starting' } })
  const { lanes } = await card.pause('sdxl')
  expect(lanes[0]).toMatchObject({
    mode: 'paused',
    ready: false,
    reason: 'the inference program is starting',
  })
  stopping.abort()
  await expect(machine).rejects.toThrow('aborted')
})
