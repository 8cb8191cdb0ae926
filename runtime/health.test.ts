import { once } from 'node:events'
import { createServer, get as httpGet } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { type HealthOptions, type HealthServer, startHealthServer } from './health.ts'
import { createLogger } from './log.ts'
import { createMetrics } from './metrics.ts'

const servers: HealthServer[] = []
afterEach(() => Promise.all(servers.splice(0).map(server => server.close())))

async function start(options: Partial<HealthOptions> = {}) {
  const metrics = createMetrics()
  const log = createLogger(parseConfig({ LOG_LEVEL: 'silent' }), 'test')
  const server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    log,
    checks: {},
    metrics,
    ...options,
  })
  servers.push(server)
  return { metrics, url: server.url, get: (path: string) => fetch(`${server.url}${path}`) }
}

test('is alive at once, and ready once every check passes', async () => {
  let storeIsUp = false
  const checks = {
    temporal: () => {},
    store: async () => {
      if (!storeIsUp) throw new Error('no answer from the store')
    },
  }
  const { get } = await start({ checks })
  expect((await get('/livez')).status).toBe(200)

  const notYet = await get('/readyz')
  expect(notYet.status).toBe(503)
  expect(await notYet.json()).toEqual({
    ready: false,
    checks: { temporal: { ok: true }, store: { ok: false, error: 'no answer from the store' } },
  })

  storeIsUp = true
  expect((await get('/readyz')).status).toBe(200)
})

test.each(['//', '///', '//[', '//:x'])('%s is no page, and ends nothing', async path => {
  const { url, get } = await start()
  const { hostname, port } = new URL(url)
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    httpGet({ hostname, port, path }, response => resolve(response.resume().statusCode)).on('error', reject)
  })
  expect(answer).toBe(404)
  expect((await get('/livez')).status).toBe(200)
})

test('is no longer ready once it stops, but alive', async () => {
  const controller = new AbortController()
  const { get } = await start({ signal: controller.signal })
  expect((await get('/readyz')).status).toBe(200)
  controller.abort()
  expect((await get('/readyz')).status).toBe(503)
  expect((await get('/livez')).status).toBe(200)
})

test('shows what a check that passed has to say', async () => {
  const { get } = await start({ checks: { lane: () => 'paused', store: async () => ({}) } })
  expect(await (await get('/readyz')).json()).toEqual({
    ready: true,
    checks: { lane: { ok: true, note: 'paused' }, store: { ok: true } },
  })
})

test('serves pages as JSON, each as it is at that moment, and tells which there are', async () => {
  let jobs = 0
  const page = () => {
    jobs += 1
    return { jobs }
  }
  const { get } = await start({ pages: { '/card': page } })
  await get('/card')
  const answer = await get('/card')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
  expect(await answer.json()).toEqual({ jobs: 2 })
  for (const path of ['/nothing', '/toString', '/__proto__']) {
    const missing = await get(path)
    expect([missing.status, await missing.text()]).toEqual([404, 'try /livez, /readyz, /metrics, /card\n'])
  }
  const failing = await start({
    pages: {
      '/card': () => {
        throw new Error('no card')
      },
    },
  })
  await expect(failing.get('/card')).rejects.toThrow()
  expect((await failing.get('/livez')).status).toBe(200)
})

test('callers at the same time share one run of the checks', async () => {
  let runs = 0
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { get } = await start({
    checks: {
      slow: async () => {
        runs++
        await gate
      },
    },
  })
  const answers = [get('/readyz'), get('/readyz'), get('/readyz')]
  await new Promise(resolve => setTimeout(resolve, 300))
  open()
  expect((await Promise.all(answers)).map(answer => answer.status)).toEqual([200, 200, 200])
  expect(runs).toBe(1)
})

test('a scrape tells which checks pass, from the start and without waiting for one that hangs', async () => {
  const known = Promise.withResolvers<void>()
  let store = () => known.promise
  const checks = {
    temporal: () => 'said',
    store: () => store(),
    engine: () => Promise.reject(new Error('starting')),
  }
  const { get, metrics } = await start({ checks })
  const series = (text: string) => text.split('\n').filter(line => line.startsWith('ourvidz_ready{'))
  const told = (temporal: number, store: number) => [
    `ourvidz_ready{check="temporal"} ${temporal}`,
    `ourvidz_ready{check="store"} ${store}`,
    'ourvidz_ready{check="engine"} 0',
  ]
  expect(series(await metrics.registry.metrics())).toEqual(told(0, 0))
  const scrape = async () => series(await (await get('/metrics')).text())
  const began = performance.now()
  expect(await scrape()).toEqual(told(1, 0))
  expect(performance.now() - began).toBeLessThan(4_000)
  known.resolve()
  await expect.poll(scrape).toEqual(told(1, 1))
  store = () => Promise.reject(new Error('gone'))
  expect(await scrape()).toEqual(told(1, 0))
})

test("one page holds our metrics and those of Temporal's core", async () => {
  const core = createServer((_request, response) => response.end('temporal_num_pollers 4\n')).listen(
    0,
    '127.0.0.1',
  )
  await once(core, 'listening')
  const { port } = core.address() as AddressInfo
  const { get, metrics } = await start({ coreMetricsUrl: `http://127.0.0.1:${port}/metrics` })
  metrics.callbackDeliveries.inc({ status: 'completed', delivery: 'delivered' })

  const page = await get('/metrics')
  expect(page.headers.get('content-type')).toContain('text/plain')
  const text = await page.text()
  expect(text).toContain('ourvidz_callback_deliveries_total{status="completed",delivery="delivered"} 1')
  expect(text).toMatch(/^temporal_num_pollers 4$/m)
  expect(text).toMatch(/^process_cpu_seconds_total /m)

  core.close()
  await once(core, 'close')
  const alone = await get('/metrics')
  expect(alone.status).toBe(200)
  expect(await alone.text()).toContain('ourvidz_callback_deliveries_total')
})

test('a port that is taken is an error at start', async () => {
  const { get } = await start()
  const port = Number(new URL((await get('/livez')).url).port)
  await expect(start({ port })).rejects.toThrow(/EADDRINUSE/)
})
