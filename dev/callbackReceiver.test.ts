import { randomUUID } from 'node:crypto'
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { type CallbackReceiverOptions, startCallbackReceiver } from './callbackReceiver.ts'

const jobId = randomUUID()
const completed = {
  job_id: jobId,
  status: 'completed',
  assets: ['u/j/0.png'],
  metadata: { content_type: 'image' },
}

async function start(options: CallbackReceiverOptions = {}) {
  const receiver = await startCallbackReceiver(options)
  onTestFinished(receiver.close)
  const post = (body: unknown, init: RequestInit = {}) =>
    fetch(receiver.callbackUrl, {
      method: 'POST',
      redirect: 'manual',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
    })
  return { receiver, post }
}

test('answers a callback as the app does, and keeps it', async () => {
  const { receiver, post } = await start()
  const response = await post(completed, { headers: { 'webhook-id': 'evt_1', 'webhook-sequence': '2' } })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    success: true,
    debug: { job_id: jobId, jobStatus: 'completed', format: 'image', assetsProcessed: 1 },
  })
  await expect
    .poll(() => receiver.log.deliveries)
    .toMatchObject([{ number: 1, jobId, webhookId: 'evt_1', sequence: 2, processed: true, answered: 200 }])
  const shown = await fetch(`${receiver.url}/jobs/${jobId}`)
  expect(await shown.json()).toMatchObject({ last: completed, deliveries: [{ webhookId: 'evt_1' }] })
})

test.each([
  ['no JSON', '{'],
  ['no job', { status: 'processing' }],
  ['an id that is none', { ...completed, job_id: '1' }],
  ['an unknown status', { ...completed, status: 'queued' }],
  ['completed without assets', { ...completed, assets: [] }],
  ['a hole in the assets', { ...completed, assets: ['a', null] }],
  ['failed without a message', { job_id: jobId, status: 'failed' }],
])('refuses %s with 400', async (_what, body) => {
  const { receiver, post } = await start()
  const response = await post(body)
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ success: false, error: expect.any(String) })
  expect(receiver.log.jobs()).toEqual([])
})

test('refuses a wrong token, and writes no token down', async () => {
  const directory = await temporaryDirectory()
  const { receiver, post } = await start({ token: 'secret-one', directory })
  expect((await post(completed, { headers: { authorization: 'Bearer other' } })).status).toBe(401)
  expect((await post(completed, { headers: { authorization: 'Bearer secret-one' } })).status).toBe(200)
  await receiver.close()
  expect(await readFile(join(directory, 'callbacks.jsonl'), 'utf8')).not.toContain('secret-one')
})

test('the last thing it hears is what counts, as for the app', async () => {
  const { receiver, post } = await start()
  await post(completed)
  await post({ job_id: jobId, status: 'processing' })
  expect(receiver.log.job(jobId)?.last.status).toBe('processing')
})

test('remembers over a restart, also past a line that was cut', async () => {
  const directory = await temporaryDirectory()
  const first = await start({ directory })
  await first.post(completed)
  await first.receiver.close()
  await appendFile(join(directory, 'callbacks.jsonl'), '{"number":2,"rec')
  const { receiver } = await start({ directory })
  expect(receiver.log.job(jobId)?.last.assets).toEqual(['u/j/0.png'])
})

test('misbehaves as told, delivery by delivery', async () => {
  const acts = ['bad-request', 'server-error', 'redirect', 'answer-lost', 'ok'] as const
  const { receiver, post } = await start({ behave: ({ number }) => acts[number - 1] ?? 'ok' })
  const statuses: (number | string)[] = []
  for (const _ of acts)
    statuses.push(
      await post(completed).then(
        ({ status }) => status,
        () => 'lost',
      ),
    )
  expect(statuses).toEqual([400, 500, 307, 'lost', 200])
  await expect
    .poll(() => receiver.log.deliveries.map(({ processed, answered }) => [processed, answered]))
    .toEqual([
      [false, 400],
      [false, 500],
      [false, 307],
      [true, null],
      [true, 200],
    ])
})

test.each([
  ['hang', false],
  ['half-open', true],
] as const)('%s: the sender waits in vain; processed: %s', async (behaviour, processed) => {
  const { receiver, post } = await start({ behave: () => behaviour })
  const attempt = post(completed, { signal: AbortSignal.timeout(300) }).then(response => response.text())
  await expect(attempt).rejects.toThrow(/timeout/)
  await expect.poll(() => receiver.log.deliveries).toMatchObject([{ behaviour, processed, answered: null }])
})

test('two deliveries of one job at once are an overlap, of two jobs not; a slow one goes on without its sender', async () => {
  const { receiver, post } = await start({ behave: () => ({ kind: 'slow', delayMs: 700 }) })
  const other = { ...completed, job_id: randomUUID() }
  await expect(post(completed, { signal: AbortSignal.timeout(100) })).rejects.toThrow()
  await Promise.all([post(completed), post(other)])
  expect(receiver.log.overlaps).toEqual([{ jobId, first: 1, second: expect.any(Number) }])
  await post(completed)
  expect(receiver.log.overlaps).toHaveLength(1)
  expect(receiver.log.job(jobId)?.deliveries.map(({ number }) => number)).toContain(1)
})

test('keeps usage records', async () => {
  const { receiver } = await start()
  const record = { worker_id: 'dev', success: true }
  const response = await fetch(receiver.metricsUrl, { method: 'POST', body: JSON.stringify(record) })
  expect(response.status).toBe(200)
  expect(receiver.usage).toEqual([record])
})

test('shows what came as a page, and nothing in it is taken for markup', async () => {
  const { receiver, post } = await start({
    linksOf: async () => [{ url: 'http://store/a?b=1&c=2', thumbnailUrl: null }],
  })
  await post({ ...completed, assets: ['<img src=x onerror=alert(1)>'] })
  await post({ job_id: randomUUID(), status: 'failed', error_message: '<script>' })
  const page = await (await fetch(receiver.url)).text()
  expect(page).toContain('href="http://store/a?b=1&amp;c=2"')
  expect(page).toContain('&lt;script&gt;')
  expect(page).not.toMatch(/<script>|<img src=x/)
})
