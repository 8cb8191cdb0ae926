import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Lane } from '../../jobs/jobTypes.ts'
import type { EnhanceJob, RenderJob } from '../protocol.ts'
import { enhanceJob, imageJob, videoJob } from './testing/exampleJobs.ts'
import { sha256 } from './testing/pictures.ts'
import { type PreviewClient, startPreview } from './testing/previewClient.ts'

let folder: string
let client: PreviewClient

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'))
})

afterEach(async () => {
  client.kill()
  await client.exited
  await rm(folder, { recursive: true, force: true })
})

async function start(options: Parameters<typeof startPreview>[0] = {}): Promise<void> {
  client = startPreview(options)
  await client.until('hello')
  client.send({ type: 'init', lanes: ['sdxl', 'wan.video', 'wan.enhance'], budgetMiB: null })
  await client.until('ready')
}

async function generate(id: string, lane: Lane, job: RenderJob | EnhanceJob): Promise<string> {
  const outDir = join(folder, id)
  await mkdir(outDir, { recursive: true })
  client.send({ type: 'generate', id, lane, job, outDir: job.kind === 'render' ? outDir : null })
  return outDir
}

const of = (id: string) => (event: { id: string }) => event.id === id

test('greets, pings, keeps a list of models, and ends when it is told to', async () => {
  await start()
  client.send({ type: 'ping' })
  await client.until('pong')
  client.send({ type: 'load', model: 'lustify_sdxl' })
  await client.until('ready', ({ models }) => models.includes('lustify_sdxl'))
  client.send({ type: 'unload', model: 'lustify_sdxl' })
  await expect.poll(() => client.events.filter(({ type }) => type === 'ready').length).toBe(3)
  client.send({ type: 'shutdown' })
  expect((await client.exited).exitCode).toBe(0)
  expect(client.events.map(({ type }) => type)).toEqual([
    'hello',
    'ready',
    'pong',
    'loading',
    'ready',
    'ready',
  ])
  expect(client.noise).toEqual([])
})

test('answers a job that breaks the protocol, and survives lines that are no commands', async () => {
  await start()
  client.sendLine('not JSON')
  client.sendLine('{"type":"generate","id":"odd","lane":"nowhere"}')
  expect(await client.until('failed')).toMatchObject({ id: 'odd', code: 'invalid_input', retryable: false })
  client.send({ type: 'ping' })
  await client.until('pong')
})

test('draws only with the turn, and makes files only without it', async () => {
  await start()
  await generate('one', 'sdxl', { ...imageJob, images: 3 })
  await client.until('want')
  await sleep(200)
  expect(client.events.some(({ type }) => type === 'released' || type === 'artifact')).toBe(false)
  client.send({ type: 'grant', lane: 'sdxl' })
  const { timings } = await client.until('done')
  const order = client.events.map(({ type }) => type).filter(type => type !== 'progress')
  expect(order.slice(2)).toEqual([
    'accepted',
    'loading',
    'want',
    'released',
    'artifact',
    'artifact',
    'artifact',
    'done',
  ])
  expect(timings.cardMs).toBeGreaterThan(0)
  expect(timings.encodeMs).toBeGreaterThan(0)
})

test('two lanes that yield to each other draw what each draws alone', async () => {
  const video = { ...videoJob, frames: 17, expectedSeconds: 135 }
  const image = { ...imageJob, images: 3 }
  await start({ grant: true })
  const alone = [await generate('video', 'wan.video', video), await generate('image', 'sdxl', image)]
  await Promise.all([client.until('done', of('video')), client.until('done', of('image'))])
  client.kill()
  await client.exited

  const holders: (Lane | null)[] = []
  await start({
    grant: true,
    args: ['--speed', '0.004'],
    onEvent(event) {
      if (event.type === 'yielded' || event.type === 'released') holders.push(event.lane)
      // Whoever wants asks the other to give way.
      if (event.type !== 'want' && event.type !== 'yielded') return
      client.send({ type: 'yield', lane: event.lane === 'sdxl' ? 'wan.video' : 'sdxl' })
    },
  })
  const together = [await generate('video2', 'wan.video', video), await generate('image2', 'sdxl', image)]
  const [videoDone] = await Promise.all([
    client.until('done', of('video2')),
    client.until('done', of('image2')),
  ])
  expect(client.events.filter(({ type }) => type === 'yielded').length).toBeGreaterThan(1)
  expect(new Set(holders).size).toBe(2)
  // Simulated seconds are those of holding the card, waits left out.
  expect(videoDone.timings.cardMs).toBeGreaterThan(500)
  expect(videoDone.timings.cardMs).toBeLessThan(3_000)
  for (const [index, dir] of alone.entries()) {
    for (const file of await readdir(dir)) {
      const other = join(together[index] ?? '', file)
      expect(sha256(await readFile(other)), file).toBe(sha256(await readFile(join(dir, file))))
    }
  }
})

test('tells its progress at most four times a second, also while it waits', async () => {
  await start({ args: ['--speed', '0.01'] })
  await generate('slow', 'wan.video', { ...videoJob, frames: 5 })
  await client.until('want')
  await sleep(1_500)
  const waiting = client.events.filter(event => event.type === 'progress')
  expect(waiting.length).toBeGreaterThanOrEqual(1)
  expect(waiting.every(event => event.phase === 'waiting' || event.phase === 'loading')).toBe(true)
  const from = performance.now()
  client.send({ type: 'grant', lane: 'wan.video' })
  await client.until('done')
  const told = client.events.filter(event => event.type === 'progress').length - waiting.length
  expect(told).toBeGreaterThanOrEqual(3)
  expect(told).toBeLessThanOrEqual(((performance.now() - from) / 1_000) * 4 + 2)
})

test('enhances a prompt, the same way each time', async () => {
  await start({ grant: true })
  await generate('one', 'wan.enhance', enhanceJob)
  await generate('two', 'wan.enhance', enhanceJob)
  const [one, two] = [await client.until('done', of('one')), await client.until('done', of('two'))]
  expect(one.text).toMatch(/^a paper boat, .{20}/)
  expect(two.text).toBe(one.text)
})

test('stops a job that waits for the card, and gives its lane to the next', async () => {
  await start()
  await generate('waits', 'sdxl', imageJob)
  await generate('next', 'sdxl', imageJob)
  await client.until('want')
  client.send({ type: 'cancel', id: 'waits' })
  client.send({ type: 'cancel', id: 'waits' })
  await client.until('cancelled', of('waits'))
  await client.until('want', of('next'))
  client.send({ type: 'grant', lane: 'sdxl' })
  await client.until('done', of('next'))
  expect(client.events.filter(({ type }) => type === 'cancelled')).toHaveLength(1)
  expect(client.events.some(event => event.type === 'released' && event.id === 'waits')).toBe(false)
})

test('stops a job in mid-render and in mid-encoding, and leaves no file', async () => {
  await start({ grant: true, args: ['--speed', '1'] })
  const drawing = await generate('drawing', 'wan.video', videoJob)
  await client.until('progress', event => event.phase === 'rendering')
  client.send({ type: 'cancel', id: 'drawing' })
  await client.until('cancelled', of('drawing'))
  const order = client.events.filter(({ type }) => type === 'released' || type === 'cancelled')
  expect(order.map(({ type }) => type)).toEqual(['released', 'cancelled'])

  const encoding = await generate('encoding', 'wan.video', { ...videoJob, expectedSeconds: 0 })
  await client.until('released', of('encoding'))
  client.send({ type: 'cancel', id: 'encoding' })
  await client.until('cancelled', of('encoding'))
  for (const dir of [drawing, encoding]) expect(await readdir(dir)).toEqual([])
  client.send({ type: 'cancel', id: 'long gone' })
})

test('ends by itself when its parent is gone, in mid-render too', async () => {
  await start({ grant: true, args: ['--speed', '1'] })
  await generate('drawing', 'wan.video', videoJob)
  await client.until('progress', event => event.phase === 'rendering')
  client.closeStdin()
  expect(await client.exited).toMatchObject({ exitCode: 0 })
})

test('draws the next job of a lane while the files of the one before are made', async () => {
  await start({ grant: true })
  await generate('one', 'wan.video', videoJob)
  // The smaller one would be ready first, and come first.
  await client.until('want', of('one'))
  await generate('two', 'wan.video', { ...videoJob, frames: 5 })
  await client.until('done', of('two'))
  await client.until('done', of('one'))
  const at = (type: string, id: string) =>
    client.events.findIndex(event => event.type === type && 'id' in event && event.id === id)
  expect(at('want', 'two')).toBeGreaterThan(at('released', 'one'))
  expect(at('want', 'two')).toBeLessThan(at('done', 'one'))
})
