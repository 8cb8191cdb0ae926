import { ApplicationFailure } from '@temporalio/common'
import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { createLogger, type Logger } from './log.ts'
import { temporalLogger } from './temporalLogger.ts'

const config = parseConfig({
  LOG_LEVEL: 'debug',
  STORE: 'supabase',
  SUPABASE_URL: 'https://project.example',
  SUPABASE_SERVICE_ROLE_KEY: 'service/role"key-0123456789',
  CALLBACK_URL: 'https://app.example/hook?token=query-secret-1',
})

function capture(options: { readable?: boolean } = {}) {
  const lines: string[] = []
  const log = createLogger(config, 'control', { stream: { write: line => lines.push(line) }, ...options })
  return { log, lines, entry: () => JSON.parse(lines.at(-1) ?? '') }
}

test('a line is JSON with level, time, program and the ids of its child', () => {
  const { log, entry } = capture()
  log.child({ jobId: 'a1' }).info({ step: 3 }, 'rendering')
  expect(entry()).toMatchObject({ level: 'info', name: 'control', jobId: 'a1', step: 3, msg: 'rendering' })
  expect(Date.parse(entry().time)).toBeGreaterThan(0)
})

const places: [string, (log: Logger, secret: string) => void][] = [
  ['in the message', (log, secret) => log.info(`key is ${secret}!`)],
  ['in a field', (log, secret) => log.info({ url: `https://x/?apikey=${encodeURIComponent(secret)}` }, 'x')],
  ['in an error', (log, secret) => log.error({ err: new Error('outer', { cause: new Error(secret) }) }, 'x')],
  ['in a bare error', (log, secret) => log.error(new Error(secret))],
  ['in a child', (log, secret) => log.child({ note: secret }).info('x')],
]

test.each(places)('a configured secret is blanked %s', (_where, write) => {
  for (const secret of ['service/role"key-0123456789', 'query-secret-1']) {
    const { log, lines } = capture()
    write(log, secret)
    for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
      expect(lines.join()).not.toContain(spelling)
    }
    expect(lines.join()).toContain('[redacted]')
  }
})

test('tokens that are not ours are blanked too', () => {
  const { log, lines } = capture()
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLWhlcmU'
  log.info(
    { url: `https://p.example/object/sign/a.png?token=${jwt}`, header: 'Bearer abcdefgh12345678' },
    `got ${jwt}`,
  )
  expect(lines.join()).not.toMatch(/eyJ|abcdefgh/)
})

test('prompts and payloads are withheld at any depth, also in an error', () => {
  const { log, lines } = capture()
  const prompt = 'a lighthouse at dusk'
  log.info(
    {
      plan: { negative_prompt: prompt, steps: 25 },
      jobs: [{ enhancedPrompt: prompt }],
      payload: { x: prompt },
    },
    'x',
  )
  log.error({ err: Object.assign(new Error('no'), { payload: prompt, plan: { prompt } }) }, 'x')
  temporalLogger(log).warn('Activity failed', {
    error: ApplicationFailure.create({ message: 'no', details: [{ text: prompt }] }),
  })
  expect(lines.join()).not.toContain('lighthouse')
  expect(JSON.parse(lines[0] ?? '').plan.steps).toBe(25)
})

test('an error keeps its code, its stack and its causes', () => {
  const { log, entry } = capture()
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  log.error({ err: new Error('no store', { cause }) }, 'upload')
  expect(entry().err).toMatchObject({ name: 'Error', message: 'no store', cause: { code: 'ECONNREFUSED' } })
  expect(entry().err.stack).toContain('log.test.ts')
})

test('cycles and deep objects are cut, not fatal', () => {
  const { log, entry } = capture()
  const loop: Record<string, unknown> = { name: 'loop' }
  loop.self = loop
  log.info({ loop, bytes: Buffer.alloc(9), big: 1n }, 'x')
  expect(entry()).toMatchObject({ bytes: '[9 bytes]', big: '1' })
})

test("Temporal's lines carry the job's id", () => {
  const { log, entry } = capture()
  temporalLogger(log).log('TRACE', 'Workflow started', {
    workflowId: 'job-7f',
    taskQueue: 'jobs',
    attempt: 1,
  })
  expect(entry()).toMatchObject({ level: 'debug', jobId: '7f', workflowId: 'job-7f', taskQueue: 'jobs' })
})

test('the readable form has the message, the fields and the stacks', () => {
  const { log, lines } = capture({ readable: true })
  log.error({ jobId: 'a1', err: new Error('outer', { cause: new Error('inner') }) }, 'upload failed')
  expect(lines.join()).toMatch(/error.* control: upload failed .*a1[\s\S]*outer[\s\S]*caused by[\s\S]*inner/)
})
