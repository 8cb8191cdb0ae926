import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../dev/freePort.ts'
import { startOwnedProcess } from '../dev/ownedProcess.ts'
import { parseConfig } from '../runtime/config.ts'
import { connectTemporal } from '../runtime/temporalConnection.ts'
import { connectTemporalNative } from '../runtime/temporalNativeConnection.ts'
import { temporaryDirectory } from './temporaryDirectory.ts'

const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_NAMESPACE: 'default' }

test.each([connectTemporal, connectTemporalNative])(
  '%o connects, and says when the namespace is missing',
  async connect => {
    const connection = await connect(parseConfig(env).temporal)
    await connection.close()
    const missing = parseConfig({ ...env, TEMPORAL_NAMESPACE: 'nowhere' }).temporal
    await expect(connect(missing)).rejects.toThrow(/has no namespace "nowhere": set TEMPORAL_NAMESPACE/)
  },
)

const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)

/** A worker as ours are wired; it prints the pollers that its own metrics page counts, once there are any. */
const program = `
  import { once } from 'node:events'
  import { setTimeout as sleep } from 'node:timers/promises'
  import { Worker } from ${JSON.stringify(import.meta.resolve('@temporalio/worker'))}
  import { parseConfig } from ${url('../runtime/config.ts')}
  import { startHealthServer } from ${url('../runtime/health.ts')}
  import { createLogger } from ${url('../runtime/log.ts')}
  import { createMetrics } from ${url('../runtime/metrics.ts')}
  import { runUntilStopped } from ${url('../runtime/shutdown.ts')}
  import { connectTemporalNative } from ${url('../runtime/temporalNativeConnection.ts')}
  import { installTemporalRuntime } from ${url('../runtime/temporalRuntime.ts')}
  const config = parseConfig(process.env)
  const log = createLogger(config, 'program')
  const { metricsUrl } = await installTemporalRuntime({ log })
  await runUntilStopped({ log, limitMs: 20_000 }, async ({ signal, defer }) => {
    const connection = await connectTemporalNative(config.temporal)
    defer('connection', () => connection.close())
    const health = await startHealthServer({
      host: '127.0.0.1', port: 0, log, checks: {}, metrics: createMetrics(), coreMetricsUrl: metricsUrl, signal,
    })
    defer('health', () => health.close())
    const worker = await Worker.create({ connection, taskQueue: 'worker-program', activities: { async nothing() {} } })
    const running = worker.run()
    for (let page = ''; !page.includes('temporal_num_pollers{'); await sleep(100)) {
      page = await (await fetch(health.url + '/metrics')).text()
    }
    process.stdout.write('polling\\n')
    await once(signal, 'abort')
    worker.shutdown()
    await running
  })`

test("a worker serves its metrics and the core's, and SIGTERM ends it in order", async () => {
  const file = join(await temporaryDirectory(), 'program.mjs')
  await writeFile(file, program)
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const ended = once(child, 'close')
    let output = ''
    for await (const chunk of child.stdout) {
      output += chunk
      if (output.includes('polling\n') && !child.killed) child.kill('SIGTERM')
    }
    expect(await ended).toEqual([0, null])
    const lines = output
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line))
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'stopping', why: 'SIGTERM' }))
    expect(lines).toContainEqual(
      expect.objectContaining({ sdk: 'temporal', state: 'STOPPED', taskQueue: 'worker-program' }),
    )
  } finally {
    child.kill('SIGKILL')
  }
})

test.each(['control', 'gpu'])(
  'a %s worker that waits for Temporal is alive, and says what it waits for',
  async kind => {
    const directory = await temporaryDirectory()
    const port = String(await freePort())
    const worker = await startOwnedProcess({
      name: `${kind} worker`,
      command: process.execPath,
      args: [fileURLToPath(new URL(`../workers/${kind}.ts`, import.meta.url))],
      env: {
        TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`,
        DATA_DIR: directory,
        STORE_DIR: join(directory, 'store'),
        END_WITH_STDIN: 'true',
        CONTROL_HEALTH_PORT: port,
        GPU_HEALTH_PORT: port,
      },
      logFile: join(directory, 'worker.log'),
    })
    onTestFinished(() => worker.stop(5000))
    const answer = (page: string) => fetch(`http://127.0.0.1:${port}${page}`).catch(() => null)
    await expect.poll(async () => (await answer('/livez'))?.status, { timeout: 20_000 }).toBe(200)
    const ready = await answer('/readyz')
    expect(ready?.status).toBe(503)
    expect(await ready?.json()).toMatchObject({ checks: { temporal: { ok: false, error: 'connecting' } } })
  },
)
