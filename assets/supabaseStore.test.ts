import { randomBytes } from 'node:crypto'
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createClient } from '@supabase/supabase-js'
import { expect, onTestFinished, test } from 'vitest'
import type { Refusal } from '../test/standins/storageAnswers.ts'
import type { Fault } from '../test/standins/storageFaults.ts'
import { startSupabaseStorage } from '../test/standins/supabaseStorage.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createSupabaseStore } from './supabaseStore.ts'

const ref = { bucket: 'image_fast', path: 'user/job/0.png' }
const png = { contentType: 'image/png' }

async function supabase({ timeoutMs = 5000, key = 'service-role-key', bytes = 2000 } = {}) {
  const storage = await startSupabaseStorage({
    buckets: {
      image_fast: {},
      small: { maxBytes: 100 },
      pictures: { contentTypes: ['image/png'] },
      staging: {},
    },
  })
  onTestFinished(() => storage.close())
  const directory = await temporaryDirectory()
  const file = join(directory, 'file')
  const content = randomBytes(bytes)
  await writeFile(file, content)
  return {
    storage,
    store: createSupabaseStore({ url: storage.url, key, timeoutMs }),
    file,
    directory,
    content,
  }
}

test('an object is written, replaced, read, signed, listed and removed', async () => {
  const { storage, store, file, directory, content } = await supabase()
  await store.putFile(ref, file, png)
  await store.putFile(ref, file, png)
  expect(storage.objects.get('image_fast/user/job/0.png')).toMatchObject({
    bytes: content,
    contentType: 'image/png',
  })

  const copy = join(directory, 'copy')
  expect(await store.getFile(ref, copy, { maxBytes: 2000 })).toBe(2000)
  expect(await readFile(copy)).toEqual(content)

  const response = await fetch(await store.signedUrl(ref, 60))
  expect(Buffer.from(await response.arrayBuffer())).toEqual(content)
  expect(store.publicUrl(ref)).toBe(`${storage.url}/storage/v1/object/public/image_fast/user/job/0.png`)

  await store.putFile({ bucket: 'staging', path: 'abc' }, file, png)
  await store.putFile({ bucket: 'staging', path: 'folder/abc' }, file, png)
  expect(await store.list('staging')).toMatchObject([{ path: 'abc', bytes: 2000 }])

  await store.remove(ref.bucket, [ref.path, 'never/was.png'])
  await store.remove('no_such_bucket', ['x'])
  expect([...storage.objects.keys()]).toEqual(['staging/abc', 'staging/folder/abc'])
  await store.check()
})

test('a list goes on over pages', async () => {
  const { storage, store } = await supabase()
  for (let i = 0; i < 1003; i++) {
    storage.objects.set(`staging/${i}`, {
      bytes: Buffer.from('x'),
      contentType: 'image/png',
      updatedAt: '2025-01-01T00:00:00Z',
    })
  }
  const found = await store.list('staging')
  expect(new Set(found.map(({ path }) => path)).size).toBe(1003)
  expect(found[0]?.writtenAtMs).toBe(Date.UTC(2025, 0, 1))
})

test('above 6 MiB it goes in chunks, and goes on after a lost connection, a lost answer and a server error', async () => {
  const { storage, store, file, content } = await supabase({ bytes: 13 * 2 ** 20 })
  storage.failNext({ kind: 'reset' }, { method: 'PATCH' })
  storage.failNext({ kind: 'answerLost' }, { method: 'PATCH' })
  await store.putFile(ref, file, { contentType: 'video/mp4' })
  expect(storage.objects.get('image_fast/user/job/0.png')?.bytes.equals(content)).toBe(true)
  expect(storage.objects.get('image_fast/user/job/0.png')?.contentType).toBe('video/mp4')
  expect(storage.requests.map(({ method }) => method).join(' ')).toMatch(/^POST PATCH HEAD PATCH HEAD PATCH$/)
  await store.putFile(ref, file, { contentType: 'video/mp4' }) // replaces what is there
})

test.each<{ bucket: string; path: string; code: string }>([
  { bucket: 'no_such_bucket', path: 'x', code: 'store_refused' },
  { bucket: 'small', path: 'x', code: 'store_refused' },
  { bucket: 'pictures', path: 'x', code: 'store_refused' },
])('an upload in chunks to $bucket: $code', async ({ bucket, path, code }) => {
  const { store, file } = await supabase({ bytes: 7 * 2 ** 20 })
  await expect(store.putFile({ bucket, path }, file, { contentType: 'text/html' })).rejects.toMatchObject({
    code,
  })
})

test('an upload in chunks that fails leaves no file open', async () => {
  const { storage, store, file } = await supabase({ bytes: 13 * 2 ** 20, timeoutMs: 300 })
  for (const kind of ['reset', 'hang'] as const) {
    storage.failNext({ kind }, { method: 'PATCH', times: 9 })
    await expect(store.putFile(ref, file, png)).rejects.toMatchObject({ code: 'store_unavailable' })
  }
  const open = await Promise.all(
    (await readdir('/proc/self/fd')).map(fd => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  )
  expect(open).not.toContain(file)
})

test('an upload in chunks that hangs ends at its limit', async () => {
  const { storage, store, file } = await supabase({ bytes: 7 * 2 ** 20, timeoutMs: 200 })
  storage.failNext({ kind: 'hang' }, { method: 'PATCH', times: 9 })
  await expect(store.putFile(ref, file, png)).rejects.toMatchObject({ code: 'store_unavailable' })
})

const refused: Refusal[] = [
  'NoSuchBucket',
  'NoSuchKey',
  'EntityTooLarge',
  'InvalidMimeType',
  'InvalidKey',
  'InvalidRequest',
]
test.each(refused)('%s is refused for good', async code => {
  const { storage, store, file } = await supabase()
  storage.failNext({ kind: 'refuse', code })
  const failure = await store.putFile(ref, file, png).catch(error => error)
  expect(failure).toMatchObject({
    code: 'store_refused',
    retryable: false,
    message: expect.stringContaining(code),
  })
})

test.each([2000, 7 * 2 ** 20])(
  'what a storage repeats of an upload of %i bytes does not tell the key',
  async bytes => {
    const key = 'sb_secret_zyx.of/the+storage='
    const { storage, store, file } = await supabase({ key, bytes })
    storage.failNext({ kind: 'echo' })
    const failure: unknown = await store.putFile(ref, file, png).catch(error => error)
    const told = inspect(failure, { depth: 9 })
    expect(told).toContain('[redacted]')
    expect(told).not.toContain('zyx')
    expect(failure).toMatchObject({ message: expect.stringContaining('authorization') })
  },
)

const transient: Fault[] = [
  { kind: 'refuse', code: 'InternalError' },
  { kind: 'refuse', code: 'AccessDenied' },
  { kind: 'refuse', code: 'DatabaseError' },
  { kind: 'refuse', code: 'KeyAlreadyExists' },
  { kind: 'foreign', code: 'quota' },
  { kind: 'foreign', code: 'noTenant' },
  { kind: 'foreign', code: 'proxyNotFound' },
  { kind: 'foreign', code: 'proxyRedirect' },
  { kind: 'badGateway' },
  { kind: 'reset' },
  { kind: 'answerLost' },
  { kind: 'hang' },
  { kind: 'halfOpen' },
]
test.each(transient)('$kind $code can be retried, and then succeeds', async fault => {
  const { storage, store, file, content } = await supabase({ timeoutMs: 300 })
  storage.failNext(fault, { times: 2 }) // Node's fetch may try a connection that was reset once more
  const failure = await store.putFile(ref, file, png).catch(error => error)
  expect(failure).toMatchObject({ code: 'store_unavailable', retryable: true })
  await store.putFile(ref, file, png).catch(() => store.putFile(ref, file, png))
  expect(storage.objects.get('image_fast/user/job/0.png')?.bytes).toEqual(content)
})

test('a proxy that knows nothing of an object is not believed: it is neither missing nor removed', async () => {
  const { storage, store, file, directory } = await supabase()
  await store.putFile(ref, file, png)
  storage.failNext({ kind: 'foreign', code: 'proxyNotFound' }, { times: 2 })
  const copy = join(directory, 'copy')
  await expect(store.getFile(ref, copy, { maxBytes: 1e6 })).rejects.toMatchObject({
    code: 'store_unavailable',
  })
  await expect(store.remove(ref.bucket, [ref.path])).rejects.toMatchObject({ code: 'store_unavailable' })
})

test('an answer before the body was read does not hang the client', async () => {
  const { storage, store, file } = await supabase({ bytes: 6 * 2 ** 20, timeoutMs: 1000 })
  storage.failNext({ kind: 'earlyAnswer' })
  await expect(store.putFile(ref, file, png)).rejects.toMatchObject({ name: 'JobFailure' })
})

test('a slow storage is waited for', async () => {
  const { storage, store, file } = await supabase()
  storage.failNext({ kind: 'slow', delayMs: 300 })
  await store.putFile(ref, file, png)
  expect(storage.objects.size).toBe(1)
})

test('a wrong key and a storage that is down fail the readiness check', async () => {
  const { storage, store } = await supabase({ key: 'wrong' })
  await expect(store.check()).rejects.toMatchObject({ message: expect.stringContaining('403') })
  await storage.close()
  await expect(store.check()).rejects.toMatchObject({ code: 'store_unavailable' })
})

test('a missing object is not found, a large one too large, and neither leaves a file', async () => {
  const { store, file, directory } = await supabase()
  const copy = join(directory, 'copy')
  await expect(store.getFile(ref, copy, { maxBytes: 9 })).rejects.toMatchObject({
    code: 'reference_not_found',
  })
  const nowhere = { bucket: 'no_such_bucket', path: 'x' }
  await expect(store.getFile(nowhere, copy, { maxBytes: 9 })).rejects.toMatchObject({
    code: 'reference_not_found',
  })
  await store.putFile(ref, file, png)
  await expect(store.getFile(ref, copy, { maxBytes: 1999 })).rejects.toMatchObject({
    code: 'reference_too_large',
  })
  await expect(readFile(copy)).rejects.toMatchObject({ code: 'ENOENT' })
})

test.each([2000, 7 * 2 ** 20])(
  'a cancelled upload of %i bytes stops with the reason of its caller',
  async bytes => {
    const { storage, store, file } = await supabase({ bytes })
    storage.failNext({ kind: 'hang' }, { times: 5 })
    const controller = new AbortController()
    const upload = store.putFile(ref, file, { ...png, signal: controller.signal })
    setTimeout(() => controller.abort(new Error('cancelled by the caller')), 100)
    await expect(upload).rejects.toThrow('cancelled by the caller')
  },
)

test('the stand-in reads the form that the SDK makes of a Blob, and refuses to overwrite without upsert', async () => {
  const { storage, content } = await supabase()
  const bucket = createClient(storage.url, storage.key).storage.from('image_fast')
  const blob = new Blob([new Uint8Array(content)], { type: 'image/png' })
  expect((await bucket.upload('blob.png', blob)).error).toBeNull()
  expect(storage.objects.get('image_fast/blob.png')).toMatchObject({
    bytes: content,
    contentType: 'image/png',
  })
  expect((await bucket.upload('blob.png', blob)).error).toMatchObject({ status: 400, statusCode: '409' })
})
