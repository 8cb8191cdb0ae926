import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { NativeConnection, Worker } from '@temporalio/worker'
import { expect, onTestFinished, test } from 'vitest'
import { isStuck } from '../../activities/stuckJobs.ts'
import { createSweepJobs } from '../../activities/sweepJobs.ts'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import type { Config } from '../../runtime/config.ts'
import { runActivity } from '../runActivity.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'

/** Deadlines of hours become seconds: six hours two, and the grace of 15 minutes less than one. */
const DEADLINE_FACTOR = 2 / 21_600

/** A worker of the jobs queue whose workflow code has a bug. Gives the function that stops it. */
async function startBrokenWorker({ temporal }: Config): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address: temporal.address })
  const worker = await Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: queuesWithPrefix(temporal.queuePrefix).jobs,
    workflowsPath: fileURLToPath(new URL('./stuckWorkflows.ts', import.meta.url)),
  })
  const running = worker.run()
  let stopped: Promise<void> | null = null
  const stop = async () => {
    worker.shutdown()
    await running
    await connection.close()
  }
  return () => {
    stopped ??= stop()
    return stopped
  }
}

test('a job goes by the deadline that it was submitted with, also when a shorter one is configured since', {
  timeout: 60_000,
}, async () => {
  const { pipeline, temporal, config, heard } = await openPipeline({ gpu: false })
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect.poll(() => heard(payload.id).length).toBe(1)
  const job = await temporal.workflow.getHandle(workflowIds.job(payload.id)).describe()
  const shorter = {
    client: temporal,
    jobsQueue: queuesWithPrefix(config.temporal.queuePrefix).jobs,
    callbacks: true,
    callbackAttemptMs: 1000,
    deadlineFactor: 1e-6,
    quarantineMs: 3_600_000,
    stuckGraceMs: 500,
    outputBuckets: [],
  }
  await sleep(job.startTime.getTime() + 3000 - Date.now())
  expect((await runActivity(createSweepJobs(shorter), { last: null })).swept).toEqual([])
  const stuckAfter = (hours: number) => isStuck(job, shorter, Date.now() + hours * 3_600_000)
  expect([await stuckAfter(5.9), await stuckAfter(6.1)]).toEqual([false, true])
})

test('a job whose workflow tasks fail is ended by the sweep, and told as stuck once', {
  timeout: 60_000,
}, async () => {
  const pipeline = await openPipeline({
    control: false,
    gpu: false,
    env: { DEADLINE_FACTOR: String(DEADLINE_FACTOR), RECONCILE_SECONDS: '1' },
  })
  const { config, temporal, heard } = pipeline
  const stopBroken = await startBrokenWorker(config)
  onTestFinished(stopBroken)
  const payload = payloadOf({ metadata: { credits: 3 } })
  await pipeline.pipeline.submit(payload)
  const job = temporal.workflow.getHandle(workflowIds.job(payload.id))

  const sweepJobs = createSweepJobs({
    client: temporal,
    jobsQueue: queuesWithPrefix(config.temporal.queuePrefix).jobs,
    callbacks: true,
    callbackAttemptMs: 1000,
    deadlineFactor: DEADLINE_FACTOR,
    quarantineMs: 3_600_000,
    stuckGraceMs: 500,
    outputBuckets: [],
  })
  const sweep = () => runActivity(sweepJobs, { last: null })
  await expect
    .poll(async () =>
      ((await job.fetchHistory()).events ?? []).some(e => e.workflowTaskFailedEventAttributes),
    )
    .toBe(true)
  // Else it would take the delivery’s tasks as well.
  await stopBroken()
  expect((await sweep()).swept).toEqual([])
  expect((await job.describe()).status.name).toBe('RUNNING')

  await expect
    .poll(async () => (await sweep()).swept, { timeout: 20_000, interval: 500 })
    .toEqual([job.workflowId])
  expect((await job.describe()).status.name).toBe('TERMINATED')
  expect((await sweep()).swept).toEqual([])

  await pipeline.startControl()
  await expect.poll(() => heard(payload.id).length, { timeout: 20_000 }).toBe(1)
  expect(heard(payload.id)).toMatchObject([
    {
      status: 'failed',
      error_message: 'The job stopped making progress.',
      metadata: { error_type: 'stuck', credits: 3 },
    },
  ])
  expect(await ending(pipeline, payload.id)).toMatchObject({ status: 'failed', assets: [] })
  // The reconciler finds the terminated job too, and adds nothing.
  await new Promise(resolve => setTimeout(resolve, 2500))
  expect(heard(payload.id).length).toBe(1)
})

test('a job whose workflow tasks fail says so to whoever asks', { timeout: 60_000 }, async () => {
  const { pipeline, config } = await openPipeline({ control: false, gpu: false })
  onTestFinished(await startBrokenWorker(config))
  const payload = payloadOf()
  await pipeline.submit(payload)
  await expect
    .poll(async () => (await pipeline.get(payload.id)).waitingReason, { timeout: 40_000, interval: 500 })
    .toContain('its workflow task fails again and again')
})
