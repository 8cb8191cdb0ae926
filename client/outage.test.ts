import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from '@temporalio/client'
import { afterEach, expect, it } from 'vitest'
import { freePort } from '../dev/freePort.ts'
import { findTemporalBinary } from '../dev/temporalBinary.ts'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { parseConfig } from '../runtime/config.ts'
import { connectTemporal } from '../runtime/temporalConnection.ts'
import { payloadFor } from './imitation/harness.ts'
import { connectPipelineClient, parseClientConfig } from './index.ts'
import { createPipelineClient } from './pipelineClient.ts'

const cleanUps: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** A server that can be killed and come back with its data. */
async function createServerProcess() {
  const directory = await mkdtemp(join(tmpdir(), 'outage-'))
  const [port, binary] = [await freePort(), await findTemporalBinary()]
  const attributes = Object.values(SEARCH_ATTRIBUTES).flatMap(name => [
    '--search-attribute',
    `${name}=Keyword`,
  ])
  const address = ['--headless', '--ip', '127.0.0.1', '--port', String(port)]
  const args = [
    'server',
    'start-dev',
    ...address,
    '--db-filename',
    join(directory, 'temporal.db'),
    ...attributes,
  ]
  let child: ChildProcess | null = null
  const kill = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  cleanUps.push(async () => {
    await kill()
    await rm(directory, { recursive: true })
  })
  const start = () => {
    child = spawn(binary, args, { stdio: 'ignore' })
  }
  start()
  const { temporal } = parseConfig({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` })
  const connection = await connectTemporal(temporal, { waitMs: 20_000 })
  cleanUps.push(() => connection.close())
  return { client: new Client({ connection }), address: temporal.address, kill, start }
}

it('watches and waits on through a restart of the server, and gives up on one that stays away', async () => {
  const server = await createServerProcess()
  const pipeline = createPipelineClient({ client: server.client })
  const payload = payloadFor('hang')
  await pipeline.submit(payload)
  const watching = pipeline.watch(payload.id)
  expect((await watching.next()).value).toMatchObject({ status: 'queued', phase: 'planning' })
  const ending = (async () => {
    for await (const view of watching) if (view.outcome !== null) return view
    return null
  })()
  const result = pipeline.result(payload.id).catch((error: unknown) => error)

  await server.kill()
  await sleep(1500)
  server.start()
  const handle = server.client.workflow.getHandle(workflowIds.job(payload.id))
  const terminated = () =>
    handle.terminate().then(
      () => true,
      () => false,
    )
  await expect.poll(terminated, { timeout: 30_000, interval: 500 }).toBe(true)
  expect(await ending).toMatchObject({ status: 'failed', failure: { code: 'terminated' } })
  expect(await result).toMatchObject({ code: 'job_failed', failureCode: 'terminated' })

  const other = payloadFor('hang')
  await pipeline.submit(other)
  const impatient = pipeline.result(other.id, { maxOutageMs: 100 }).catch((error: unknown) => error)
  await sleep(300)
  await server.kill()
  expect(await impatient).toMatchObject({ code: 'server_unreachable' })
}, 120_000)

it('can be left and closed in the middle of an outage, and says so to whoever still uses it', async () => {
  const server = await createServerProcess()
  const pipeline = await connectPipelineClient(parseClientConfig({ TEMPORAL_ADDRESS: server.address }))
  const payload = payloadFor('hang')
  await pipeline.submit(payload)
  const waiting = pipeline.result(payload.id).catch((error: unknown) => error)
  const leaving = new AbortController()
  const watching = pipeline.watch(payload.id, { signal: leaving.signal })
  await watching.next()
  const left = watching.next().catch((error: unknown) => error)
  await server.kill()
  // Retries are under way, each from a timer whose error would end this process.
  await sleep(1500)
  leaving.abort(new Error('left'))
  expect(await left).toMatchObject({ message: 'left' })
  await pipeline.close()
  expect(await waiting).toMatchObject({ code: 'client_closed' })
  await expect(pipeline.get(payload.id)).rejects.toMatchObject({ code: 'client_closed' })
  await sleep(3000)
}, 60_000)

it('leaves and closes at once with a poll that was made again after an outage, which nothing cuts off', async () => {
  const server = await createServerProcess()
  const pipeline = await connectPipelineClient(parseClientConfig({ TEMPORAL_ADDRESS: server.address }))
  const payload = payloadFor('hang')
  await pipeline.submit(payload)
  const leaving = new AbortController()
  const left = pipeline.result(payload.id, { signal: leaving.signal }).catch((error: unknown) => error)
  const waiting = pipeline.result(payload.id).catch((error: unknown) => error)
  await sleep(500)
  await server.kill()
  await sleep(500)
  server.start()
  await expect.poll(() => pipeline.get(payload.id), { timeout: 20_000 }).toMatchObject({ status: 'queued' })
  // By now the retries have found the server, which holds their polls.
  await sleep(2000)
  const leftMs = Date.now()
  leaving.abort(new Error('left'))
  expect(await left).toMatchObject({ message: 'left' })
  const closing = pipeline.close()
  expect(await waiting).toMatchObject({ code: 'client_closed' })
  expect(Date.now() - leftMs).toBeLessThan(1000)
  await closing
}, 60_000)
