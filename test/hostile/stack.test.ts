import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { JobFailedError } from '../../client/index.ts'
import { isFailureCode } from '../../jobs/failures.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { createLogger } from '../../runtime/log.ts'
import { readableLine } from '../../runtime/logLine.ts'
import { temporalLogger } from '../../runtime/temporalLogger.ts'
import { runtimeLog } from '../stack.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { openPipeline, type Pipeline } from '../workflows/pipeline.ts'
import { HOSTILE_PAYLOADS, HOSTILE_TEXTS, payloadWith } from './corpus/payloads.ts'
import { goodPicture } from './corpus/pictures.ts'
import { HOSTILE_SERVERS } from './corpus/servers.ts'
import { watchFolder } from './folderWatch.ts'
import { historyText } from './historyText.ts'
import { programEnv } from './programEnv.ts'
import { openRawServer } from './rawServer.ts'
import { watchSockets } from './socketWatch.ts'

/*
 * The whole pipeline, with a real Temporal server, under hostile input from all sides at once: its payloads, its references,
 * its inference program and its receiver. Every secret and every prompt has a mark of its own, and is then looked for.
 */

const PROMPT = 'zyxprompt'
const QUERY = 'zyxquery'
/** Of 32 bytes. `plain` before it: histories stay readable, so that what they hold can be searched. */
const ENCRYPTION_KEY = Buffer.from('zyxencryptionkey'.repeat(2)).toString('base64')
const SECRETS = {
  CALLBACK_TOKEN: 'zyxcallbacktoken',
  CALLBACK_SECRET: `whsec_${'enl4Y2FsbGJhY2tzZWNyZXQ'.padEnd(32, 'A')}`,
  STORE_SIGNING_KEY: 'zyxsigningkeyofthestore',
  SUPABASE_SERVICE_ROLE_KEY: 'zyxservicerolekey',
  CODEC_TOKEN: 'zyxtokenofthecodec',
}
const METRICS_TOKEN = 'zyxmetricstoken'
const OTHER_USER = '99999999-3b4a-4c5d-9e6f-708192a3b4c5'
/** Where the jobs of this test put their pictures, each in a folder of its user. */
const OUTPUTS = ['sdxl_image_fast', 'image7b_fast_enhanced'] as const
const PROGRAM = fileURLToPath(new URL('hostileProgram.ts', import.meta.url))
/** References of these servers end without a retry, and soon. */
const SERVERS = [
  'sends on to loopback',
  'sends on to metadata',
  'packs 30 MB with gzip',
  'says that a page is a picture',
  'needs a password',
]
const ENGINES = [
  'a good job',
  'a method of 900 kB',
  'a link to another’s picture',
  'a thumbnail planted as a link to another’s picture',
  'a file outside',
  'held for longer than there is time',
  'a rejection that repeats its prompt',
]

/** The first callback of each event is answered with all that was sent; the next is taken. */
async function openEcho() {
  const bodies: string[] = []
  const heard = new Set<string>()
  const server = await openRawServer((socket, path, sent) => {
    const body = sent.slice(sent.indexOf('\r\n\r\n') + 4)
    const id = /webhook-id: (.*)\r/i.exec(sent)?.[1] ?? randomUUID()
    const first = path.startsWith('functions') && !heard.has(id)
    heard.add(id)
    bodies.push(body)
    const answer = JSON.stringify(first ? { error: sent, success: false } : { success: true })
    socket.end(
      `HTTP/1.1 ${first ? 400 : 200} X\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`,
      'latin1',
    )
  })
  return { ...server, bodies }
}

async function openHostileWorld() {
  const folder = await temporaryDirectory()
  const storeDir = join(folder, 'store')
  const others = join(storeDir, 'reference_images', OTHER_USER)
  await mkdir(others, { recursive: true })
  const othersPicture = join(others, 'picture.png')
  const good = join(folder, 'good.png')
  await sharp({ create: { width: 512, height: 512, channels: 3, background: '#c33' } })
    .png()
    .toFile(good)
  await sharp(good).negate().toFile(othersPicture)
  for (const bucket of OUTPUTS) {
    const theirs = join(storeDir, bucket, OTHER_USER, randomUUID())
    await mkdir(theirs, { recursive: true })
    await sharp(good).flip().negate().toFile(join(theirs, '0.png'))
  }
  await writeFile(join(folder, 'canary'), 'a lighthouse')
  const hidden = await openRawServer(socket => void socket.end())
  const picture = await goodPicture('jpeg')
  const places = { hidden: hidden.host, own: '' }
  const pictures = await openRawServer((socket, path) => {
    const hostile = HOSTILE_SERVERS.find(({ name }) => path.startsWith(name))
    if (hostile) return hostile.answer(socket, places)
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${picture.length}\r\n\r\n`)
    socket.end(picture)
  })
  places.own = pictures.host
  const echo = await openEcho()
  const lines: string[] = []
  const log = { stream: { write: (line: string) => void lines.push(line) }, readable: false }
  const pipeline = await openPipeline({
    env: {
      ...SECRETS,
      ENCRYPTION_KEYS: `plain,zyx:${ENCRYPTION_KEY}`,
      STORE_DIR: storeDir,
      CALLBACK_URL: `http://${echo.host}/functions/v1/job-callback`,
      METRICS_URL: `http://${echo.host}/metrics?token=${METRICS_TOKEN}`,
      REFERENCE_ALLOW_HOSTS: pictures.host,
      CALLBACK_TIMEOUT_SECONDS: '50',
      ASSET_URLS: 'signed',
      LOG_LEVEL: 'debug',
      TIME_SCALE: '0.2',
    },
    log,
    gpu: false,
  })
  return { pipeline, folder, good, othersPicture, hidden, pictures, echo, lines }
}

/** Payloads of every kind, each under new ids, with marks in what is its user's own. */
function hostilePayloads(pictures: string): { id: string; user_id: string }[] {
  const marked = (fields: Record<string, unknown>) => ({
    ...payloadWith({ prompt: `a lighthouse ${PROMPT}`, negative_prompt: `fog ${PROMPT}`, ...fields }),
    id: randomUUID(),
    user_id: randomUUID(),
  })
  const url = (path: string) =>
    `http://${pictures}/${encodeURIComponent(path)}?download=${QUERY}&token=${QUERY}`
  const reference = (source: string) => marked({ config: { reference_image_url: source } })
  return [
    ...HOSTILE_PAYLOADS.filter(({ ends }) => ends === 'job' || ends === 'invalid_job').map(({ payload }) =>
      marked(payload),
    ),
    ...HOSTILE_TEXTS.slice(0, 24).map(text => marked({ prompt: `${PROMPT} ${text}` })),
    ...['good.jpg', ...SERVERS].map(path => reference(url(path))),
    reference(`http://2130706433/x?token=${QUERY}`),
    reference(`http://user:${QUERY}@pictures.example/x?token=${QUERY}`),
    reference(`reference_images/${OTHER_USER}/picture.png`),
    marked({ type: 'image7b_fast_enhanced', config: { size: '480*832' } }),
    ...['model_missing', 'invalid_input', 'crash:once'].map(simulate => marked({ metadata: { simulate } })),
  ]
}

/** All that these jobs may write to: their users' own folders, and what the store has in hand. */
const foldersOf = (payloads: readonly { user_id: string }[]) => [
  ...OUTPUTS.flatMap(bucket => [
    `store/${bucket}/.scratch`,
    ...payloads.map(({ user_id }) => `store/${bucket}/${user_id}`),
  ]),
]

async function finish(pipeline: Pipeline, payloads: readonly { id: string }[]): Promise<string[]> {
  for (const payload of payloads) await pipeline.pipeline.submit(payload)
  const ends: string[] = []
  for (const { id } of payloads) {
    const outcome = await pipeline.pipeline.result(id).catch((error: unknown) => {
      if (error instanceof JobFailedError) return error.outcome
      throw error
    })
    expect(outcome).toMatchObject({ jobId: id, status: expect.stringMatching(/^(completed|failed)$/) })
    const code = outcome.failure?.code ?? 'completed'
    expect(
      code === 'completed' || (isFailureCode(code) && code !== 'internal'),
      JSON.stringify(outcome.failure),
    ).toBe(true)
    ends.push(code)
  }
  return ends
}

function expectNone(text: string, marks: readonly string[], where: string): void {
  for (const mark of marks) {
    const at = text.indexOf(mark)
    expect(at < 0 ? '' : text.slice(Math.max(0, at - 200), at + 100), `${mark} in ${where}`).toBe('')
  }
}

/** Nothing of ours in what Temporal keeps, logs, metrics and callbacks; no prompt where none belongs. */
async function expectNoMarks(
  world: Awaited<ReturnType<typeof openHostileWorld>>,
  ids: readonly string[],
): Promise<void> {
  const { pipeline, lines, echo } = world
  const secrets = [...Object.values(SECRETS), METRICS_TOKEN, ENCRYPTION_KEY, 'zyxencryptionkey']
  let prompts = 0
  for (const id of ids) {
    const { all, shown } = await historyText(pipeline.temporal, workflowIds.job(id))
    expect(all).toContain(id)
    expectNone(all, secrets, `the history of ${id}`)
    prompts += all.split(PROMPT).length - 1
    expectNone(shown, [PROMPT, QUERY], `what the history of ${id} shows`)
  }
  // They stand there as long as ENCRYPTION_KEYS says `plain`; so what was searched is what there is.
  expect(prompts).toBeGreaterThan(ids.length)
  const log = createLogger(pipeline.config, 'temporal', {
    stream: { write: line => void lines.push(line) },
    readable: false,
  })
  const temporal = temporalLogger(log)
  for (const { level, message, meta } of runtimeLog) temporal.log(level, message, meta)
  expect(lines.length).toBeGreaterThan(ids.length)
  expectNone(lines.join('\n'), [...secrets, PROMPT, QUERY], 'the log')
  for (const line of lines) {
    expect(line.trimEnd()).toMatch(/^\P{Cc}*$/u)
    expect(stripVTControlCharacters(readableLine(line)).replaceAll('\n', '')).toMatch(/^\P{Cc}*$/u)
  }
  const metrics = await pipeline.metricsText()
  expect(metrics).toContain('ourvidz_renders_total{')
  expectNone(metrics, [...secrets, PROMPT, QUERY, ...ids], 'the metrics')
  const told = echo.bodies.join('\n')
  expectNone(told, secrets, 'a callback')
  expect(told).not.toMatch(/\bat \S+ \(?(file|node|\/)|node_modules/)
  expect(told).toContain('"status":"failed"')
}

test('hostile payloads, references and a receiver that repeats everything', async () => {
  const world = await openHostileWorld()
  const { pipeline, folder, hidden, pictures, othersPicture } = world
  await pipeline.startGpu()
  const { dialled } = watchSockets()
  const payloads = hostilePayloads(pictures.host)
  const watch = await watchFolder(folder, foldersOf(payloads))
  const ends = await finish(pipeline, payloads)
  expect(new Set(ends)).toEqual(
    new Set([
      'completed',
      'invalid_job',
      'reference_forbidden',
      'reference_too_large',
      'reference_not_image',
      'model_missing',
      'engine_rejected',
    ]),
  )
  const allowed = new Set([pictures.host, world.echo.host, pipeline.config.temporal.address])
  expect(dialled.filter(address => !allowed.has(address))).toEqual([])
  expect(hidden.connections()).toBe(0)
  expect(await watch.changes(), othersPicture).toEqual([])
  await expectNoMarks(
    world,
    payloads.map(({ id }) => id),
  )
})

test('a hostile inference program', async () => {
  const world = await openHostileWorld()
  const { pipeline, folder, good, othersPicture } = world
  const env = await programEnv(good, othersPicture)
  await pipeline.startGpu({}, { command: process.execPath, args: [PROGRAM], env })
  const payloads = ENGINES.map(simulate => ({
    ...payloadWith({
      prompt: `a lighthouse ${PROMPT}`,
      config: { size: '512*512', seed: 7 },
      metadata: { simulate },
    }),
    id: randomUUID(),
    user_id: randomUUID(),
  }))
  const watch = await watchFolder(folder, foldersOf(payloads))
  expect(await finish(pipeline, payloads)).toEqual([
    'completed',
    'completed',
    'engine_output_invalid',
    'completed',
    'engine_output_invalid',
    'completed',
    'engine_rejected',
  ])
  expect((await watch.changes()).filter(change => change !== 'read good.png')).toEqual([])
  await expectNoMarks(
    world,
    payloads.map(({ id }) => id),
  )
})
