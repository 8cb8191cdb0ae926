import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { connectPipelineClient, parseClientConfig } from '../client/index.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { newExampleJobs, putExamplePictures } from './exampleJobs.ts'
import { type DevStackOptions, startDevStack } from './stack.ts'
import { StackError } from './stackError.ts'
import { findTemporalBinary } from './temporalBinary.ts'
import { processesWith } from './testing/processes.ts'

const PROGRAM = fileURLToPath(new URL('../bin/ourvidz.ts', import.meta.url))
const LIMIT_MS = 120_000

async function startStack(dataDir: string, more: Partial<DevStackOptions> = {}) {
  const told: string[] = []
  const stack = await startDevStack({
    callbackUrl: null,
    dataDir,
    signingKey: 'signing-key-of-a-test',
    previewSpeed: 0,
    env: {},
    temporalBinary: await findTemporalBinary(),
    ui: false,
    tell: line => told.push(line),
    ...more,
  })
  onTestFinished(stack.stop)
  return { stack, told }
}

const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  )

test(
  'a job goes through the stack to its files and its callback, and nothing is left when it ends',
  async () => {
    const dataDir = await temporaryDirectory()
    const { stack } = await startStack(dataDir)
    const addresses: unknown = JSON.parse(await readFile(join(dataDir, 'dev.json'), 'utf8'))
    expect(addresses).toEqual({ ...stack.addresses })
    await expect(startStack(dataDir)).rejects.toThrow(StackError)

    await putExamplePictures(stack.store)
    const examples = await newExampleJobs(stack.store)
    // The one whose reference is a URL of the store.
    const payload = examples.find(job => JSON.stringify(job).includes('127.0.0.1'))
    const { temporalAddress } = stack.addresses
    const client = await connectPipelineClient(parseClientConfig({ TEMPORAL_ADDRESS: temporalAddress }))
    onTestFinished(client.close)
    const { jobId } = await client.submit(payload)
    const outcome = await client.result(jobId)
    expect(outcome.referenceMode).toBe('single')
    expect(await exists(join(dataDir, 'store', outcome.bucket ?? '', outcome.assets[0]?.path ?? ''))).toBe(
      true,
    )
    const received = await (await fetch(`${stack.addresses.receiverUrl}/jobs/${jobId}`)).json()
    expect(received).toMatchObject({
      last: { status: 'completed' },
      deliveries: [{ sequence: 1 }, { sequence: 2 }],
    })
    const page = await (await fetch(stack.addresses.receiverUrl)).text()
    const [, thumbnail = ''] = /<img src="([^"]+)"/.exec(page) ?? []
    expect((await fetch(thumbnail.replaceAll('&amp;', '&'))).status).toBe(200)

    await stack.stop()
    expect(processesWith(dataDir)).toEqual([])
    expect(await exists(join(dataDir, 'dev.json'))).toBe(false)
  },
  LIMIT_MS,
)

/** `ourvidz dev` as a process of its own, once it says that it is ready. In an object, as awaiting a child means awaiting its end. */
async function startDevCommand(dataDir: string) {
  const child = execa(process.execPath, [PROGRAM, 'dev', '--no-ui'], {
    env: { DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
    all: true,
    reject: false,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.all.on('data', chunk => {
    said += chunk
  })
  await expect.poll(() => said, { timeout: LIMIT_MS, interval: 200 }).toMatch(/Ready\./)
  return { child }
}

const workerOf = (dataDir: string, kind: string) =>
  Number.parseInt(processesWith(dataDir).find(line => line.includes(`workers/${kind}.ts`)) ?? '', 10)

test.each(['SIGINT', 'SIGHUP'] as const)(
  '%s ends everything in order, twice at once too, as npm sends it',
  async signal => {
    const dataDir = await temporaryDirectory()
    const { child } = await startDevCommand(dataDir)
    expect(processesWith(dataDir).length).toBeGreaterThan(3)
    child.kill(signal)
    child.kill(signal)
    const { exitCode, all } = await child
    expect({ exitCode, all }).toMatchObject({ exitCode: 0, all: expect.stringContaining('Stopping') })
    expect(processesWith(dataDir)).toEqual([])
    expect(await exists(join(dataDir, 'dev.json'))).toBe(false)
  },
  LIMIT_MS,
)

test(
  'a part that crashes is told, and ends the rest with exit code 1',
  async () => {
    const dataDir = await temporaryDirectory()
    const { child } = await startDevCommand(dataDir)
    process.kill(workerOf(dataDir, 'gpu'), 'SIGKILL')
    const { exitCode, all } = await child
    expect(all).toMatch(/The gpu worker ended by SIGKILL unasked/)
    expect(exitCode).toBe(1)
    expect(processesWith(dataDir)).toEqual([])
  },
  LIMIT_MS,
)

test(
  'nothing outlives a stack that is killed, and it can be started again',
  async () => {
    const dataDir = await temporaryDirectory()
    const { child } = await startDevCommand(dataDir)
    child.kill('SIGKILL')
    await child
    await expect.poll(() => processesWith(dataDir), { timeout: 30_000, interval: 200 }).toEqual([])
    const { stack } = await startStack(dataDir)
    await stack.stop()
  },
  LIMIT_MS,
)

test(
  'callbacks go to the developer’s app where that is wished, and files can be had by signed links',
  async () => {
    const asked: { authorization: string | undefined; body: unknown }[] = []
    const app = createServer(async (request, response) => {
      const body: unknown = JSON.parse(await text(request))
      asked.push({ authorization: request.headers.authorization, body })
      response.setHeader('content-type', 'application/json').end('{"success":true}')
    })
    await once(app.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void app.close())
    const address = app.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { stack } = await startStack(await temporaryDirectory(), {
      callbackUrl: `http://127.0.0.1:${port}/callback`,
      env: { CALLBACK_TOKEN: 'of-my-app', ASSET_URLS: 'signed' },
    })
    const client = await connectPipelineClient(
      parseClientConfig({ TEMPORAL_ADDRESS: stack.addresses.temporalAddress }),
    )
    onTestFinished(client.close)
    const [payload] = await newExampleJobs(stack.store)
    const { jobId } = await client.submit(payload)
    await client.result(jobId)
    expect(asked).toMatchObject([
      { authorization: 'Bearer of-my-app', body: { job_id: jobId, status: 'processing' } },
      { authorization: 'Bearer of-my-app', body: { job_id: jobId, status: 'completed' } },
    ])
    const { assets } = await client.get(jobId)
    expect((await fetch(assets[0]?.url ?? '')).status).toBe(200)
  },
  LIMIT_MS,
)
