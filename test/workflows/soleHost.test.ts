import { expect, onTestFinished, test } from 'vitest'
import { queuesWithPrefix } from '../../jobs/queues.ts'
import { createLogger } from '../../runtime/log.ts'
import { queuePollers } from '../../runtime/queuePollers.ts'
import { watchSoleHost } from '../../workers/soleHost.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { openPipeline } from './pipeline.ts'
import { startMachine } from './startMachine.ts'

const HOST = 'gpu-1'

/** GPU workers of one HOST_ID: one in this process, which looks for others every half second, and machines beside it. */
async function openHost() {
  const stack = await openPipeline({ gpu: false, env: { HOST_ID: HOST } })
  const { pipeline, temporal, config } = stack
  const { connection } = temporal
  const { namespace, queuePrefix } = config.temporal
  const stopping = new AbortController()
  onTestFinished(() => stopping.abort())
  const pollers = () =>
    queuePollers(connection, namespace, queuesWithPrefix(queuePrefix).host(HOST), 'activity')
  return {
    pollers,
    async startMachine() {
      const worker = await startMachine(stack, HOST, await temporaryDirectory())
      await expect.poll(async () => (await pollers()).size, { timeout: 10_000 }).toBe(1)
      const [identity = ''] = (await pollers()).keys()
      return { worker, identity }
    },
    async startHere() {
      const { identity } = await stack.startGpu()
      const { signal } = stopping
      const log = createLogger(config, 'test')
      const { check } = watchSoleHost({ connection, config, identity, log, signal, lookMs: 500 })
      return {
        identity,
        /** What the readiness check says once one of them has carried a command out, for which it polls anew; null when it passes. */
        async said() {
          await pipeline.card(HOST).status()
          try {
            check()
            return null
          } catch (error) {
            return error instanceof Error ? error.message : error
          }
        },
      }
    },
  }
}

test('a GPU worker that has the HOST_ID of another says so, and whose it is, until that is gone', async () => {
  const { startMachine, startHere } = await openHost()
  const other = await startMachine()
  const { said } = await startHere()
  await expect
    .poll(said, { timeout: 30_000 })
    .toBe(
      `another GPU worker has HOST_ID=${HOST} too (${other.identity}): give the one that was added an id of its own and restart it`,
    )
  await other.worker.stop(5000)
  await expect.poll(said, { timeout: 30_000 }).toBeNull()
})

test('a GPU worker that is started again is not taken for two, though Temporal still lists both', async () => {
  const { pollers, startMachine, startHere } = await openHost()
  const gone = await startMachine()
  process.kill(gone.worker.pid, 'SIGKILL')
  await gone.worker.ended
  const { identity, said } = await startHere()
  expect(await said()).toBeNull()
  const first = await pollers()
  expect([...first.keys()].toSorted()).toEqual([gone.identity, identity].toSorted())
  for (let i = 0; i < 20; i++) expect(await said()).toBeNull()
  const last = await pollers()
  expect(last.get(gone.identity)).toBe(first.get(gone.identity))
  expect(last.get(identity)).not.toBe(first.get(identity))
})
