import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createDirectoryStaging } from './directoryStaging.ts'
import { createDirectoryStore } from './directoryStore.ts'
import { expendable } from './keptFiles.ts'
import type { Staging } from './staging.ts'
import { createStoreStaging } from './storeStaging.ts'

const size = { width: 3, height: 2 }
const day = 86_400_000

async function fileWith(content: string): Promise<string> {
  const file = join(await temporaryDirectory(), 'file')
  await writeFile(file, content)
  return file
}

async function directoryStaging() {
  const directory = await temporaryDirectory()
  return { directory, staging: createDirectoryStaging(directory) }
}

/** Two machines that share a bucket and nothing else. */
async function twoMachines() {
  const store = createDirectoryStore({
    directory: await temporaryDirectory(),
    url: 'http://store',
    signingKey: 'key',
  })
  const caches = [await temporaryDirectory(), await temporaryDirectory()] as const
  const [here, there] = caches.map(cache => createStoreStaging({ store, bucket: 'staging', cache }))
  if (here === undefined || there === undefined) throw new Error('two were made')
  return { store, caches, here, there }
}

async function age(file: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms)
  await utimes(file, then, then)
}

test.each<[string, () => Promise<Staging>]>([
  ['directory', async () => (await directoryStaging()).staging],
  ['store', async () => (await twoMachines()).here],
])('%s: the same bytes are kept once, and found by their hash', async (_, create) => {
  const staging = await create()
  const first = await staging.put(await fileWith('a picture'), size)
  expect(first).toMatchObject({
    bytes: 9,
    width: 3,
    height: 2,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(await staging.put(await fileWith('a picture'), size)).toEqual(first)
  expect(await readFile(await staging.open(first.sha256), 'utf8')).toBe('a picture')
  await expect(staging.open('f'.repeat(64))).rejects.toMatchObject({ code: 'staged_lost' })
  await expect(staging.open('../../etc/passwd')).rejects.toMatchObject({ code: 'internal' })
  expect(await staging.collect({ ttlMs: day, maxBytes: 0 })).toMatchObject({ removedFiles: 0 }) // just used
})

test('bytes that changed on disk are not handed out', async () => {
  const { staging, directory } = await directoryStaging()
  const { sha256 } = await staging.put(await fileWith('a picture'), size)
  await writeFile(join(directory, sha256), 'a pictuRe')
  await expect(staging.open(sha256)).rejects.toThrow('damaged')
  await staging.put(await fileWith('a picture'), size)
  expect(await readFile(await staging.open(sha256), 'utf8')).toBe('a picture')
})

test('a bucket brings files to another machine, and repairs a damaged cache', async () => {
  const { caches, here, there } = await twoMachines()
  const { sha256 } = await here.put(await fileWith('a picture'), size)
  expect(await readFile(await there.open(sha256), 'utf8')).toBe('a picture')
  await writeFile(join(caches[1], sha256), 'damaged')
  expect(await readFile(await there.open(sha256), 'utf8')).toBe('a picture')
})

test('an object of a bucket that does not match its name is not handed out', async () => {
  const { store, here, there } = await twoMachines()
  const { sha256 } = await here.put(await fileWith('a picture'), size)
  const ref = { bucket: 'staging', path: sha256 }
  await store.putFile(ref, await fileWith('another'), { contentType: 'image/png' })
  await expect(there.open(sha256)).rejects.toMatchObject({ code: 'staged_lost' })
})

test('what was not used for long is collected, and use keeps it', async () => {
  const { staging, directory } = await directoryStaging()
  const old = await staging.put(await fileWith('old'), size)
  const used = await staging.put(await fileWith('used'), size)
  for (const { sha256 } of [old, used]) await age(join(directory, sha256), 3 * day)
  await staging.open(used.sha256)
  expect(await staging.collect({ ttlMs: 2 * day, maxBytes: 1e9 })).toEqual({
    removedFiles: 1,
    removedBytes: 3,
    keptBytes: 4,
  })
  await expect(stat(join(directory, old.sha256))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('in a bucket the cache and the objects are collected', async () => {
  const { caches, store, here } = await twoMachines()
  const { sha256 } = await here.put(await fileWith('old'), size)
  await age(join(caches[0], sha256), 3 * day)
  expect(await here.collect({ ttlMs: 2 * day, maxBytes: 1e9 })).toMatchObject({ removedFiles: 1 })
  expect(await store.list('staging')).toHaveLength(1) // the object is young
  await here.collect({ ttlMs: -1, maxBytes: 1e9 })
  expect(await store.list('staging')).toEqual([])
})

test('what is somebody else’s is left alone, in a folder and in a bucket', async () => {
  const { caches, store, here } = await twoMachines()
  const file = await fileWith('customers')
  await writeFile(join(caches[0], 'customers.csv'), 'customers')
  await age(join(caches[0], 'customers.csv'), 99 * day)
  await store.putFile({ bucket: 'staging', path: 'customers.csv' }, file, { contentType: 'text/csv' })
  expect(await here.collect({ ttlMs: -1, maxBytes: 0 })).toMatchObject({ removedFiles: 0 })
  expect(await readdir(caches[0])).toContain('customers.csv')
  expect(await store.list('staging')).toHaveLength(1)
})

test('scratch folders go with their work, and those of a killed process later', async () => {
  const { staging } = await directoryStaging()
  let scratch = ''
  await staging.withScratch(async directory => {
    scratch = directory
    await writeFile(join(directory, 'x'), 'x')
    await age(directory, 7_200_000)
    await staging.collect({ ttlMs: day, maxBytes: 1e9 })
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' })
  })
  await expect(stat(scratch)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('above the limit the longest unused go first, but nothing that may be in use', () => {
  const now = 100 * day
  const files = [1, 5, 3, 0].map(days => ({ path: `${days}`, bytes: 10, usedAtMs: now - days * day }))
  const names = (maxBytes: number) =>
    expendable(files, { ttlMs: 4 * day, maxBytes }, now).map(({ path }) => path)
  expect(names(30)).toEqual(['5'])
  expect(names(20)).toEqual(['5', '3'])
  expect(names(0)).toEqual(['5', '3', '1'])
})
