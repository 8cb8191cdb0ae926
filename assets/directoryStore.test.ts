import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createDirectoryStore } from './directoryStore.ts'
import { createStoreServer } from './storeServer.ts'
import { signObject } from './urlSignature.ts'

const signingKey = 'a-signing-key-of-tests'
const ref = { bucket: 'video_fast', path: 'user/job/0.mp4' }

async function storeWithServer() {
  const directory = await temporaryDirectory()
  const server = createStoreServer({ directory, signingKey })
  const { url } = await server.listen(0, '127.0.0.1')
  onTestFinished(() => server.close())
  const store = createDirectoryStore({ directory, url, signingKey })
  const file = join(await temporaryDirectory(), 'file')
  await writeFile(file, '0123456789')
  return { directory, url, store, file }
}

test('an object is written whole, replaced, read, listed and removed', async () => {
  const { directory, store, file } = await storeWithServer()
  await store.putFile(ref, file, { contentType: 'video/mp4' })
  await writeFile(file, 'replaced')
  await store.putFile(ref, file, { contentType: 'video/mp4' })
  expect(await readFile(join(directory, 'video_fast/user/job/0.mp4'), 'utf8')).toBe('replaced')
  expect(await readdir(join(directory, 'video_fast/.scratch'))).toEqual([])

  const target = join(await temporaryDirectory(), 'copy')
  expect(await store.getFile(ref, target, { maxBytes: 8 })).toBe(8)
  expect(await readFile(target, 'utf8')).toBe('replaced')
  await expect(store.getFile(ref, target, { maxBytes: 7 })).rejects.toMatchObject({
    code: 'reference_too_large',
  })

  await store.putFile({ bucket: 'staging', path: 'abc' }, file, { contentType: 'image/png' })
  expect(await store.list('staging')).toMatchObject([{ path: 'abc', bytes: 8 }])
  expect(await store.list('nothing')).toEqual([])

  await store.remove(ref.bucket, [ref.path, 'user/job/never-was.png'])
  expect(await readdir(join(directory, 'video_fast/user'))).toEqual([])
  await expect(store.getFile(ref, target, { maxBytes: 8 })).rejects.toMatchObject({
    code: 'reference_not_found',
  })
  await store.check()
})

test('what a killed process left unfinished goes with a later write, what may be under way stays', async () => {
  const { directory, store, file } = await storeWithServer()
  const scratch = join(directory, ref.bucket, '.scratch')
  await mkdir(scratch, { recursive: true })
  const twoHoursAgo = new Date(Date.now() - 7_200_000)
  for (const name of ['left', 'under way']) await writeFile(join(scratch, name), '01234')
  await utimes(join(scratch, 'left'), twoHoursAgo, twoHoursAgo)
  await store.putFile(ref, file, { contentType: 'video/mp4' })
  expect(await readdir(scratch)).toEqual(['under way'])
})

test('a bucket may be a link to another disk', async context => {
  const { directory, store, file } = await storeWithServer()
  const disk = await mkdtemp('/dev/shm/ourvidz-test-').catch(() => context.skip('there is no /dev/shm'))
  onTestFinished(() => rm(disk, { recursive: true }))
  if ((await stat(disk)).dev === (await stat(directory)).dev) context.skip('/dev/shm is no other disk')
  await symlink(disk, join(directory, ref.bucket))
  await store.putFile(ref, file, { contentType: 'video/mp4' })
  expect(await readFile(join(disk, ref.path), 'utf8')).toBe('0123456789')
  expect(await (await fetch(await store.signedUrl(ref, 60))).text()).toBe('0123456789')
  expect(await store.list(ref.bucket)).toEqual([])
  await store.remove(ref.bucket, [ref.path])
  expect(await readdir(join(disk, 'user'))).toEqual([])
})

test('nothing is written through a link that lies in a bucket', async () => {
  const { directory, store, file } = await storeWithServer()
  const elsewhere = await temporaryDirectory()
  const bucket = join(directory, ref.bucket)
  await mkdir(bucket, { recursive: true })
  for (const name of ['user', '.scratch']) {
    await symlink(elsewhere, join(bucket, name))
    const put = store.putFile(ref, file, { contentType: 'video/mp4' })
    await expect(put).rejects.toMatchObject({ code: 'store_refused' })
    await rm(join(bucket, name))
  }
  expect(await readdir(elsewhere)).toEqual([])
  await store.putFile(ref, file, { contentType: 'video/mp4' })
})

test.each([
  ['video_fast', '../x'],
  ['video_fast', 'user/../../../x'],
  ['video_fast', '/etc/passwd'],
  ['video_fast', 'user//x'],
  ['video_fast', 'user\\x'],
  ['video_fast', 'user/%2e%2e/x'],
  ['video_fast', 'x\0.png'],
  ['video_fast', ''],
  ['..', 'x'],
  ['.scratch', 'x'],
  ['video_fast', '.scratch/x'],
  ['a/b', 'x'],
])('no object escapes: %s %s', async (bucket, path) => {
  const { store, file } = await storeWithServer()
  const refused = { code: 'store_refused' }
  await expect(store.putFile({ bucket, path }, file, { contentType: 'image/png' })).rejects.toMatchObject(
    refused,
  )
  await expect(store.getFile({ bucket, path }, file, { maxBytes: 9 })).rejects.toMatchObject(refused)
  await expect(store.remove(bucket, [path])).rejects.toMatchObject(refused)
  await expect(store.signedUrl({ bucket, path }, 9)).rejects.toMatchObject(refused)
})

test('a signed URL opens in a browser, with ranges to seek in a video', async () => {
  const { store, file } = await storeWithServer()
  await store.putFile(ref, file, { contentType: 'video/mp4' })
  const url = await store.signedUrl(ref, 60)

  const whole = await fetch(url)
  expect(whole.status).toBe(200)
  expect(whole.headers.get('content-type')).toBe('video/mp4')
  expect(whole.headers.get('accept-ranges')).toBe('bytes')
  expect(await whole.text()).toBe('0123456789')

  const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ])
  const tail = await fetch(url, { headers: { range: 'bytes=-3' } })
  expect(await tail.text()).toBe('789')
  expect((await fetch(url, { headers: { range: 'bytes=50-' } })).status).toBe(416)

  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10'])
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  expect((await fetch(store.publicUrl(ref))).status).toBe(200)
})

test('names with spaces and signs survive their URL', async () => {
  const { store, file } = await storeWithServer()
  const odd = { bucket: 'reference_images', path: "user/a b+c&d=(e)'f.png" }
  await store.putFile(odd, file, { contentType: 'image/png' })
  const response = await fetch(await store.signedUrl(odd, 60))
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
})

test('an expired, changed or missing signature is refused, with the reason', async () => {
  const { store, file, url } = await storeWithServer()
  await store.putFile(ref, file, { contentType: 'video/mp4' })
  const expired = await fetch(await store.signedUrl(ref, -5))
  expect([expired.status, await expired.text()]).toEqual([403, expect.stringContaining('expired')])

  const good = await store.signedUrl(ref, 60)
  const later = good.replace(/expires=(\d+)/, (_, expires) => `expires=${Number(expires) + 60}`)
  const wrongs = [
    later,
    good.replace('0.mp4', '1.mp4'),
    good.slice(0, -1),
    `${url}/video_fast/user/job/0.mp4`,
  ]
  for (const wrong of wrongs) {
    const response = await fetch(wrong)
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('signature')])
  }
})

test('an object that is gone is a 404, and so is what is no object', async () => {
  const { store, url } = await storeWithServer()
  expect((await fetch(await store.signedUrl(ref, 60))).status).toBe(404)
  expect((await fetch(`${url}/`)).status).toBe(404)
  expect((await fetch(`${url}/%zz`)).status).toBe(404)
  expect((await fetch(`${url}/.scratch/x`)).status).toBe(404)
})

test('an unfinished write is not served, also to who has a signature', async () => {
  const { directory, url } = await storeWithServer()
  const unfinished = 'video_fast/.scratch/x'
  await mkdir(join(directory, dirname(unfinished)), { recursive: true })
  await writeFile(join(directory, unfinished), '0123456789')
  const expires = Math.floor(Date.now() / 1000) + 60
  const signature = signObject(signingKey, unfinished, expires)
  const response = await fetch(`${url}/${unfinished}?expires=${expires}&signature=${signature}`)
  expect([response.status, await response.text()]).toEqual([403, 'no such object\n'])
})
