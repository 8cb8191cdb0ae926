import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client, Connection } from '@temporalio/client'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { startTemporalServer, TemporalServerError } from './temporalServer.ts'
import { processesWith } from './testing/processes.ts'

async function clientOf(address: string): Promise<Client> {
  const connection = await Connection.connect({ address })
  onTestFinished(() => connection.close())
  return new Client({ connection })
}

test('keeps workflows over a restart for 30 days, and leaves no process behind', async () => {
  const dbFile = join(await temporaryDirectory(), 'a/temporal.db')
  const first = await startTemporalServer({ ui: false, dbFile })
  expect(first.uiUrl).toBeNull()
  const client = await clientOf(first.address)
  await client.workflow.start('kept', {
    workflowId: 'kept',
    taskQueue: 'nobody',
    args: [],
    searchAttributes: { JobType: ['video_fast'], CallbackStatus: ['pending'] },
  })
  const { config } = await client.workflowService.describeNamespace({ namespace: first.namespace })
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400)
  await first.stop()
  expect(await first.ended).toMatchObject({ asked: true })
  expect(processesWith(dbFile)).toEqual([])

  const second = await startTemporalServer({ ui: false, dbFile })
  onTestFinished(second.stop)
  const again = await clientOf(second.address)
  expect((await again.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING')
})

test('serves the Web UI, and takes another port where the wished one is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const address = other.address()
  const taken = typeof address === 'object' && address !== null ? address.port : 0
  const server = await startTemporalServer({ port: taken })
  onTestFinished(server.stop)
  expect(server.address).not.toBe(`127.0.0.1:${taken}`)
  expect((await fetch(server.uiUrl ?? '')).status).toBe(200)
})

test('says why it did not start', async () => {
  const folder = await temporaryDirectory()
  // A folder cannot be opened as a database.
  const start = startTemporalServer({ ui: false, dbFile: folder })
  await expect(start).rejects.toThrow(TemporalServerError)
  await expect(start).rejects.toThrow(/The Temporal server ended with exit code 1\.\n.*(database|directory)/s)
  expect(processesWith(folder)).toEqual([])
})

test('a start that is given up leaves nothing', async () => {
  const dbFile = join(await temporaryDirectory(), 'temporal.db')
  const controller = new AbortController()
  const start = startTemporalServer({ ui: false, dbFile, signal: controller.signal })
  await expect.poll(() => processesWith(dbFile)).not.toEqual([])
  controller.abort(new Error('given up'))
  await expect(start).rejects.toThrow('given up')
  expect(processesWith(dbFile)).toEqual([])
})

test('does not outlive an owner that is killed', async () => {
  const dbFile = join(await temporaryDirectory(), 'temporal.db')
  const script = `import { startTemporalServer } from ${JSON.stringify(new URL('./temporalServer.ts', import.meta.url).href)}
    await startTemporalServer({ ui: false, dbFile: ${JSON.stringify(dbFile)} })
    console.log('started')`
  const owner = execa(process.execPath, ['--input-type=module', '-e', script], { reject: false })
  const [line] = await once(createInterface(owner.stdout), 'line')
  expect(line).toBe('started')
  owner.kill('SIGKILL')
  await owner
  await expect.poll(() => processesWith(dbFile), { timeout: 10_000 }).toEqual([])
})
