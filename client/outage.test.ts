import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client'
import { afterEach, expect, it } from 'vitest'
import { findTemporalBinary } from '../dev/temporalBinary.ts'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { payloadFor } from './imitation/harness.ts'
import { createPipelineClient } from './pipelineClient.ts'

const cleanUps: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

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
  const connection = await connectEventually(`127.0.0.1:${port}`)
  cleanUps.push(() => connection.close())
  return { client: new Client({ connection }), kill, start }
}

async function connectEventually(address: string): Promise<Connection> {
  // The client's own retries take 20 s, which would only make the test longer.
  const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: 2 }))]
  for (let attempt = 1; ; attempt++) {
    const connection = Connection.lazy({ address, interceptors })
    try {
      await connection.withDeadline(Date.now() + 2000, () =>
        connection.workflowService.describeNamespace({ namespace: 'default' }),
      )
      return connection
    } catch (error) {
      await connection.close()
      if (attempt === 20) throw error
      await sleep(250)
    }
  }
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
