import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseWish, SIMULATIONS } from './simulate.ts'
import { imageJob } from './testing/exampleJobs.ts'
import { sha256 } from './testing/pictures.ts'
import { type PreviewClient, startPreview } from './testing/previewClient.ts'

let folder: string
let client: PreviewClient

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'))
  await start()
})

afterEach(async () => {
  client.kill()
  await client.exited
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<void> {
  client = startPreview({ grant: true })
  await client.until('hello')
  client.send({ type: 'init', lanes: ['sdxl'], budgetMiB: null })
  await client.until('ready')
}

async function generate(simulate: string, id = simulate): Promise<void> {
  const outDir = join(folder, id)
  await mkdir(outDir, { recursive: true })
  client.send({ type: 'generate', id, lane: 'sdxl', job: { ...imageJob, simulate }, outDir })
}

test('knows the names of its list, for every attempt, and for the first ones only', () => {
  for (const name of Object.keys(SIMULATIONS)) {
    expect(parseWish(name)).toEqual({ simulation: name, times: null })
    expect(parseWish(`${name}:once`)).toEqual({ simulation: name, times: 1 })
    expect(parseWish(`${name}:twice`)).toEqual({ simulation: name, times: 2 })
    expect(parseWish(`${name}:thrice`)).toEqual({ simulation: name, times: 3 })
  }
  for (const text of ['', 'boom', 'crash:often', 'crash:once:once', 'constructor']) {
    expect(parseWish(text), text).toBeUndefined()
  }
})

test('failures come with their code, and the program lives on', async () => {
  for (const code of ['oom', 'invalid_input', 'model_missing', 'internal', 'disk_full']) {
    await generate(code)
    const retryable = code !== 'invalid_input' && code !== 'model_missing'
    expect(await client.until('failed', ({ id }) => id === code)).toMatchObject({ code, retryable })
  }
  await generate('no such thing')
  expect(await client.until('failed', ({ id }) => id === 'no such thing')).toMatchObject({
    code: 'invalid_input',
  })
  for (const failures of [1, 2]) {
    await generate('oom:twice')
    await expect
      .poll(() =>
        client.events.filter(
          ({ type, ...event }) => type === 'failed' && 'id' in event && event.id === 'oom:twice',
        ),
      )
      .toHaveLength(failures)
  }
  await generate('oom:twice')
  await client.until('done', ({ id }) => id === 'oom:twice')
  await generate('oom:once')
  await client.until('failed', ({ id }) => id === 'oom:once')
  await generate('oom:once')
  await client.until('done', ({ id }) => id === 'oom:once')
  expect((await readdir(folder)).filter(name => name.startsWith('.simulated'))).toEqual([])
})

test('a card error is told, then the program exits', async () => {
  await generate('cuda_error')
  expect(await client.until('failed')).toMatchObject({ code: 'cuda_error', retryable: true })
  expect(await client.exited).toMatchObject({ exitCode: 1 })
})

test('crash:once ends the first program, and not the one after it', async () => {
  await generate('crash:once')
  expect(await client.exited).toMatchObject({ exitCode: 1 })
  await start()
  await generate('crash:once')
  await client.until('done')
})

test('exit_0 ends it as if all were well, with the card given back and no file made', async () => {
  await generate('exit_0:once')
  expect(await client.exited).toMatchObject({ exitCode: 0 })
  expect(client.events.map(({ type }) => type)).toContain('released')
  expect(client.events.map(({ type }) => type)).not.toContain('done')
  expect(await readdir(join(folder, 'exit_0:once'))).toEqual([])
  await start()
  await generate('exit_0:once')
  await client.until('done')
})

test('kill ends it with SIGKILL', async () => {
  await generate('kill')
  expect(await client.exited).toMatchObject({ signal: 'SIGKILL' })
})

test('hang: not a word more, but it goes when its parent does', async () => {
  await generate('hang')
  await client.until('want')
  await sleep(600)
  const heard = client.events.length
  client.send({ type: 'cancel', id: 'hang' })
  client.send({ type: 'ping' })
  await sleep(1_500)
  expect(client.events).toHaveLength(heard)
  client.closeStdin()
  expect(await client.exited).toMatchObject({ exitCode: 0 })
})

test('no_file, truncated and flood end done, each with its defect', async () => {
  await generate('no_file')
  await client.until('done', ({ id }) => id === 'no_file')
  expect(await readdir(join(folder, 'no_file'))).toEqual([])

  await generate('truncated')
  const { path, sha256: said } = await client.until('artifact')
  const bytes = await readFile(path)
  expect(sha256(bytes)).toBe(said)
  expect(bytes.subarray(-8).includes('IEND')).toBe(false)

  // Ended `done`, but it is the parent that finds the defect: the next attempt has none.
  const whole = (name: string) => readFile(join(folder, 'again', name)).then(file => file.includes('IEND'))
  await generate('truncated:once', 'again')
  await expect
    .poll(() => client.events.filter(event => event.type === 'done' && event.id === 'again').length)
    .toBe(1)
  expect(await whole('0.png')).toBe(false)
  await generate('truncated:once', 'again')
  await expect.poll(() => whole('0.png')).toBe(true)

  await generate('flood')
  await client.until('done', ({ id }) => id === 'flood')
  expect(client.noise.length).toBeGreaterThan(1_000)
  expect((await stat(join(folder, 'flood', '0.png'))).size).toBeGreaterThan(1_000)
})

test('slow holds the card long after it would be done', async () => {
  await generate('slow')
  await client.until('want')
  await sleep(1_000)
  expect(client.events.some(({ type }) => type === 'released')).toBe(false)
  client.send({ type: 'cancel', id: 'slow' })
  await client.until('cancelled')
})
