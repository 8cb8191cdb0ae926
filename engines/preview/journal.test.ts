import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { imageJob } from './testing/exampleJobs.ts'
import { startPreview } from './testing/previewClient.ts'

const lineSchema = z.looseObject({ at: z.iso.datetime(), pid: z.int(), event: z.string() })

async function start(folder: string) {
  const client = startPreview({ grant: true, args: ['--log', join(folder, 'engine.jsonl')] })
  onTestFinished(() => client.kill())
  const { pid } = await client.until('hello')
  client.send({ type: 'init', lanes: ['sdxl'], budgetMiB: null })
  await client.until('ready')
  const outDir = join(folder, `${pid}`)
  await mkdir(outDir)
  return { client, pid, outDir }
}

async function journal(folder: string, pid: number) {
  const text = await readFile(join(folder, 'engine.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => lineSchema.parse(JSON.parse(line)))
    .filter(line => line.pid === pid)
}

test('the journal tells a job from its begin to its end, and a later life is appended', async () => {
  const folder = await temporaryDirectory()
  const first = await start(folder)
  const job = { ...imageJob, images: 3 }
  const asked = { type: 'generate', id: 'one', lane: 'sdxl', outDir: first.outDir } as const
  first.client.send({ ...asked, job, lowMemory: true })
  await first.client.until('done')
  first.client.send({ type: 'shutdown' })
  await first.client.exited
  const second = await start(folder)

  const lines = await journal(folder, first.pid)
  expect(lines.map(({ event }) => event)).toEqual([
    ...['started', 'begun', 'granted', 'released', 'renamed', 'renamed', 'renamed', 'done', 'ended'],
  ])
  expect(lines[1]).toMatchObject({
    ...{ id: 'one', lane: 'sdxl', kind: 'render', outDir: first.outDir },
    lowMemory: true,
  })
  expect(lines.flatMap(({ file }) => file ?? []).toSorted()).toEqual(['0.png', '1.png', '2.png'])
  expect((await journal(folder, second.pid)).map(({ event }) => event)).toEqual(['started'])
})

test('a program that is killed in mid-render has told how far it came', async () => {
  const folder = await temporaryDirectory()
  const { client, pid, outDir } = await start(folder)
  const job = { ...imageJob, simulate: 'kill' }
  client.send({ type: 'generate', id: 'one', lane: 'sdxl', job, outDir })
  expect((await client.exited).signal).toBe('SIGKILL')
  expect((await journal(folder, pid)).map(({ event }) => event)).toEqual(['started', 'begun', 'granted'])
})

test('a job that fails gives the card back before it says so, with its code', async () => {
  const folder = await temporaryDirectory()
  const { client, pid, outDir } = await start(folder)
  client.send({ type: 'generate', id: 'one', lane: 'sdxl', job: { ...imageJob, simulate: 'oom' }, outDir })
  await client.until('failed')
  const lines = await journal(folder, pid)
  expect(lines.slice(2)).toMatchObject([
    { event: 'granted' },
    { event: 'released' },
    { event: 'failed', code: 'oom' },
  ])
})
