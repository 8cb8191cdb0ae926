import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { Client } from '@temporalio/client'
import { expect, inject, onTestFinished, test } from 'vitest'
import { runCli } from '../../client/cli/runCli.ts'
import { createPipelineClient, PayloadUnreadableError } from '../../client/index.ts'
import { freePort } from '../../dev/freePort.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { parseConfig } from '../../runtime/config.ts'
import { clientDataConverter } from '../../runtime/dataConverter.ts'
import { makeEncryptionKey } from '../../runtime/encryptionKeys.ts'
import { openTestStack, type TestStack } from '../stack.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { payloadOf } from '../workflows/payloads.ts'
import { openPipeline } from '../workflows/pipeline.ts'
import { untilSwept } from '../workflows/untilSwept.ts'

const [A, B, LOST] = [makeEncryptionKey('a'), makeEncryptionKey('b'), makeEncryptionKey('lost')]

/** The same server, as somebody sees it who has other keys. */
function seenWith({ temporal, config }: TestStack, keys: string) {
  const { encryption } = parseConfig({ ENCRYPTION_KEYS: keys })
  const client = new Client({
    connection: temporal.connection,
    namespace: config.temporal.namespace,
    dataConverter: clientDataConverter(encryption),
  })
  return { client, pipeline: createPipelineClient({ client, queuePrefix: config.temporal.queuePrefix }) }
}

test('keys are given, exchanged and taken away while jobs run, and every job completes', {
  timeout: 180_000,
}, async () => {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  const stages = ['', `plain,${A}`, A, `${A},${B}`, `${B},${A}`, `plain,${B},${A}`]
  const ids: string[] = []
  for (const [index, keys] of stages.entries()) {
    const stack = await openTestStack({ TASK_QUEUE_PREFIX: prefix, ENCRYPTION_KEYS: keys })
    try {
      await stack.startControl()
      const payload = payloadOf()
      ids.push(payload.id)
      await stack.pipeline.submit(payload)
      // Each job begins under one set of keys; all wait for a card until the last is given.
      await expect.poll(async () => (await stack.pipeline.get(payload.id)).phase).toBe('waiting for the card')
      for (const id of ids) expect((await stack.pipeline.get(id)).status).toBe('processing')
      if (index < stages.length - 1) continue
      await stack.startGpu()
      for (const id of ids) expect(await stack.pipeline.result(id)).toMatchObject({ status: 'completed' })
    } finally {
      await stack.stop()
    }
  }
})

test('whoever lacks the key is told which, and may still list jobs', { timeout: 60_000 }, async () => {
  const stack = await openPipeline({ gpu: false, env: { ENCRYPTION_KEYS: A } })
  const payload = payloadOf()
  await stack.pipeline.submit(payload)
  await expect.poll(() => stack.heard(payload.id).length).toBe(1)
  for (const [keys, message] of [
    ['', /the key "a", but ENCRYPTION_KEYS is not set here/],
    [B, /the key "a", which ENCRYPTION_KEYS does not have here/],
    [makeEncryptionKey('a'), /another key under this id/],
  ] as const) {
    const { pipeline } = seenWith(stack, keys)
    for (const looking of [pipeline.get(payload.id), pipeline.submit(payload)]) {
      await expect(looking).rejects.toThrow(PayloadUnreadableError)
      await expect(looking).rejects.toThrow(message)
    }
    await expect
      .poll(async () => (await pipeline.list({ userId: payload.user_id })).map(({ jobId }) => jobId), {
        timeout: 20_000,
        interval: 1000,
      })
      .toEqual([payload.id])
  }
  await stack.startGpu()
  expect(await stack.pipeline.result(payload.id)).toMatchObject({ status: 'completed' })
})

test('whoever lacks the key is shown what was given up', { timeout: 60_000 }, async () => {
  const stack = await openPipeline({
    env: { ENCRYPTION_KEYS: A, CALLBACK_RETRY_HOURS: String(0.5 / 3600) },
    behave: () => 'server-error',
  })
  const payload = payloadOf()
  expect(await stack.run(payload)).toMatchObject({ status: 'completed' })
  const { pipeline } = seenWith(stack, B)
  await expect
    .poll(async () => (await pipeline.list({ undelivered: true })).map(({ jobId }) => jobId), {
      timeout: 20_000,
      interval: 1000,
    })
    .toEqual([payload.id])
})

test('with a key that is lost control workers start nevertheless, and jobs are reconciled', {
  timeout: 120_000,
}, async () => {
  const often = { RECONCILE_SECONDS: '1' }
  // It reads both, so that what is left of either can be looked at.
  const stack = await openPipeline({
    control: false,
    gpu: false,
    env: { ...often, ENCRYPTION_KEYS: `${LOST},${A}` },
  })
  const { config, receiver, temporal } = stack
  const before = await stack.startControl()
  const schedule = temporal.schedule.getHandle(`reconcile-${config.temporal.queuePrefix}.jobs`)
  // What a sweep leaves for the next is encrypted too.
  const sweeps = async () => (await schedule.describe()).info.recentActions.length
  await expect.poll(sweeps, { timeout: 20_000 }).toBeGreaterThan(1)
  await before.stop()

  const port = await freePort()
  const control = await startStackWorker({
    kind: 'control',
    healthPort: port,
    logFile: join(await temporaryDirectory(), 'control.log'),
    env: {
      ...often,
      ENCRYPTION_KEYS: A,
      END_WITH_STDIN: 'true',
      DATA_DIR: await temporaryDirectory(),
      TEMPORAL_ADDRESS: config.temporal.address,
      TASK_QUEUE_PREFIX: config.temporal.queuePrefix,
      CALLBACK_URL: receiver.callbackUrl,
      CONTROL_HEALTH_PORT: String(port),
    },
  })
  onTestFinished(() => control.stop(5000))
  const payload = payloadOf()
  await seenWith(stack, A).pipeline.submit(payload)
  await expect.poll(() => stack.heard(payload.id).length, { timeout: 20_000 }).toBe(1)
  await temporal.workflow.getHandle(workflowIds.job(payload.id)).terminate('by hand')
  await untilSwept(stack, () => stack.heard(payload.id).length > 1)
  expect(stack.heard(payload.id).at(-1)?.metadata.error_type).toBe('terminated')
})

async function ourvidz(args: string[], env: Record<string, string>) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const interrupted = new AbortController().signal
  const terminal = { stdin: Readable.from([]), stdout, stderr, interrupted, readEnv: () => env }
  const exitCode = await runCli(args, terminal)
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

test('the command line reads an encrypted failure, and says what it lacks without keys', {
  timeout: 60_000,
}, async () => {
  const stack = await openPipeline({ env: { ENCRYPTION_KEYS: A } })
  const payload = payloadOf({ metadata: { simulate: 'invalid_input' } })
  await stack.run(payload)
  const env = {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TASK_QUEUE_PREFIX: stack.config.temporal.queuePrefix,
  }
  const status = ['status', payload.id]
  const read = await ourvidz(status, { ...env, ENCRYPTION_KEYS: A })
  expect(read).toMatchObject({ stderr: '' })
  expect(read.stdout).toMatch(/failed[\s\S]*engine_rejected/)
  expect(await ourvidz(status, env)).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(/^.*the key "a", but ENCRYPTION_KEYS is not set here.*\n$/),
  })
})

test('a job whose key is gone gets its callback, and does not keep others from theirs', {
  timeout: 60_000,
}, async () => {
  const stack = await openPipeline({ gpu: false, env: { ENCRYPTION_KEYS: A, RECONCILE_SECONDS: '1' } })
  const [unreadable, plain] = [payloadOf(), payloadOf()]
  await seenWith(stack, LOST).client.workflow.start('generateMediaWorkflow', {
    workflowId: workflowIds.job(unreadable.id),
    taskQueue: `${stack.config.temporal.queuePrefix}.jobs`,
    startDelay: '1 hour',
    args: [{ payload: unreadable }],
    memo: { userId: unreadable.user_id },
    searchAttributes: { JobStatus: ['queued'] },
  })
  await stack.pipeline.submit(plain)
  await expect.poll(() => stack.heard(plain.id).length).toBe(1)
  for (const { id } of [unreadable, plain]) {
    await stack.temporal.workflow.getHandle(workflowIds.job(id)).terminate('by hand')
  }
  for (const { id } of [unreadable, plain]) {
    await expect
      .poll(() => stack.heard(id).at(-1)?.metadata.error_type, { timeout: 30_000 })
      .toBe('terminated')
  }
})
