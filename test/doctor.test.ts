import { randomUUID } from 'node:crypto'
import { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { expect, inject, onTestFinished, test } from 'vitest'
import { runDoctor } from '../ops/testing/runOps.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

const machine = async () => ({
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  DATA_DIR: await temporaryDirectory(),
  PATH: process.env.PATH ?? '',
})

test('a Temporal that is set up well', async () => {
  const { exitCode, of, findings } = await runDoctor(await machine())
  expect(findings.filter(({ status }) => status === 'fail')).toEqual([])
  expect(exitCode).toBe(0)
  expect(of('temporal')).toEqual([
    expect.stringMatching(/^ok server 1\.\d+\.\d+ at 127\.0\.0\.1:\d+, namespace default$/),
    expect.stringMatching(/^ok keeps ended jobs for 30 days$/),
    expect.stringMatching(/^ok knows the \d+ search attributes$/),
  ])
})

test('a namespace that is not there, and one that was made without our settings', async () => {
  const env = await machine()
  const namespace = `doctor-${randomUUID().slice(0, 8)}`
  expect((await runDoctor({ ...env, TEMPORAL_NAMESPACE: namespace })).of('temporal')).toEqual([
    expect.stringMatching(/^fail .*has no namespace "doctor-/),
  ])
  const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS })
  onTestFinished(() => connection.close())
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('3 days'),
  })
  await expect
    .poll(async () => (await runDoctor({ ...env, TEMPORAL_NAMESPACE: namespace })).of('temporal'), {
      timeout: 20_000,
      interval: 500,
    })
    .toEqual([
      expect.stringMatching(/^ok server/),
      expect.stringMatching(/^warn keeps ended jobs for 3\.0 days only.*--retention 30d$/),
      expect.stringMatching(/search attributes/),
    ])
  const longer = { ...env, TEMPORAL_NAMESPACE: namespace, CALLBACK_RETRY_HOURS: '73' }
  expect((await runDoctor(longer)).of('temporal')).toContainEqual(
    expect.stringMatching(
      /^warn .*forgets them while their callbacks are still tried \(CALLBACK_RETRY_HOURS\)/,
    ),
  )
})

test('two GPU workers with one HOST_ID', async () => {
  const prefix = `doctor-${randomUUID().slice(0, 8)}`
  const env = { ...(await machine()), TASK_QUEUE_PREFIX: prefix, HOST_ID: 'gpu-1' }
  const connection = await Connection.connect({ address: env.TEMPORAL_ADDRESS })
  onTestFinished(() => connection.close())
  const told = async () => (await runDoctor(env)).of('temporal').slice(3)
  const poll = async (identity: string) => {
    const asked = connection.withDeadline(Date.now() + 3_000, () =>
      connection.workflowService.pollActivityTaskQueue({
        ...{ namespace: 'default', identity },
        taskQueue: { name: `${prefix}.host.gpu-1` },
      }),
    )
    // Whether an empty answer or the deadline ends it, Temporal has seen who asked.
    await asked.catch(() => {})
  }
  await poll('1@here')
  expect(await told()).toEqual([])
  await poll('1@there')
  expect(await told()).toEqual([
    expect.stringMatching(/^warn 2 GPU workers have HOST_ID=gpu-1 \(1@(here, 1@there|there, 1@here)\)/),
  ])
})
