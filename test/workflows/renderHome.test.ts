import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startTcpProxy } from '../faults/world/tcpProxy.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'
import { NEVER_READY, startMachine } from './startMachine.ts'

const FAST = { TIME_SCALE: '0.1', PREVIEW_SPEED: '0.02' }
/** Within a test: ten minutes. */
const NEVER_LOST = '6000'

/** Kills a machine's worker as soon as its render has the card, and lets another machine take the job's next attempt. */
async function loseMachine(hostLostSeconds: string) {
  const pipeline = await openPipeline({ gpu: false, env: { ...FAST, HOST_LOST_SECONDS: hostLostSeconds } })
  const dataDir = await temporaryDirectory()
  const first = await startMachine(pipeline, 'first', dataDir, FAST)
  const payload = payloadOf({ type: 'video_fast', config: { frame_num: 81 } })
  await pipeline.pipeline.submit(payload)
  await expect
    .poll(async () => (await pipeline.pipeline.get(payload.id)).step, { timeout: 20_000 })
    .toBeGreaterThan(1)
  process.kill(first.pid, 'SIGKILL')
  await first.ended
  await pipeline.startGpu({ HOST_ID: 'second', DATA_DIR: await temporaryDirectory() })
  return { ...pipeline, payload, dataDir }
}

test('a render whose machine died and comes back is made there, though another was free before', async () => {
  const pipeline = await loseMachine(NEVER_LOST)
  const { payload, dataDir } = pipeline
  const attempts = () =>
    pipeline.temporal.workflow
      .getHandle(`job-${payload.id}`)
      .fetchHistory()
      .then(
        ({ events }) =>
          events?.filter(
            event => event.activityTaskScheduledEventAttributes?.activityType?.name === 'generate',
          ).length,
      )
  await expect.poll(attempts, { timeout: 30_000 }).toBe(2)
  await startMachine(pipeline, 'first', dataDir, { PREVIEW_SPEED: FAST.PREVIEW_SPEED })
  expect((await ending(pipeline, payload.id)).receipt?.host).toBe('first')
  expect(await readdir(join(dataDir, 'renders', payload.id))).toHaveLength(1)
})

test('a render whose machine comes back, but not its program, is made by another', async () => {
  const pipeline = await loseMachine(NEVER_LOST)
  const own = { ...FAST, ...NEVER_READY }
  const stopping = new AbortController()
  const back = startMachine(pipeline, 'first', pipeline.dataDir, own, stopping.signal)
  back.catch(() => {})
  expect((await ending(pipeline, pipeline.payload.id)).receipt?.host).toBe('second')
  stopping.abort()
  await expect(back).rejects.toThrow('aborted')
})

test('a render whose machine never comes back is made by another, once the host counts as lost', async () => {
  const pipeline = await loseMachine('20')
  expect((await ending(pipeline, pipeline.payload.id)).receipt?.host).toBe('second')
})

test('a task that arrives after its time-out, when another machine is at the render, is not begun', async () => {
  const pipeline = await openPipeline({ gpu: false, env: FAST })
  const server = new URL(`http://${pipeline.config.temporal.address}`)
  const proxy = await startTcpProxy(() => Number(server.port))
  onTestFinished(() => proxy.close())
  const dataDir = await temporaryDirectory()
  await startMachine(pipeline, 'late', dataDir, {
    ...FAST,
    TEMPORAL_ADDRESS: `127.0.0.1:${proxy.port}`,
  })
  // What it polls for is handed out, and does not arrive.
  proxy.set('half-open')
  const payload = payloadOf({ type: 'video_fast', config: { frame_num: 81 } })
  await pipeline.pipeline.submit(payload)
  const attempts = async () => {
    const handle = pipeline.temporal.workflow.getHandle(`job-${payload.id}`)
    const { raw } = await handle.describe()
    return raw.pendingActivities?.map(({ attempt }) => attempt)
  }
  await expect.poll(attempts, { timeout: 20_000 }).toContain(2)
  await pipeline.startGpu({ HOST_ID: 'second', DATA_DIR: await temporaryDirectory() })
  await expect
    .poll(async () => (await pipeline.pipeline.get(payload.id)).step, { timeout: 20_000 })
    .toBeGreaterThan(0)
  proxy.set('pass')
  expect((await ending(pipeline, payload.id)).receipt?.host).toBe('second')
  expect(await readdir(join(dataDir, 'renders')).catch(() => [])).not.toContain(payload.id)
})
