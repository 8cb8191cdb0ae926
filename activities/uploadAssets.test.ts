import { randomUUID } from 'node:crypto'
import { readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApplicationFailure } from '@temporalio/common'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { fileHash } from '../assets/fileHash.ts'
import { verifyRenderedFile } from '../assets/inspect.ts'
import { createRenderStore } from '../assets/renders.ts'
import { createSupabaseStore } from '../assets/supabaseStore.ts'
import type { RenderedFile, RenderReceipt } from '../jobs/receipt.ts'
import { activityEnvironment, runActivity } from '../test/runActivity.ts'
import { startSupabaseStorage } from '../test/standins/supabaseStorage.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { ffmpeg, writeGreyVideo } from '../test/testVideo.ts'
import { failureInterceptor } from './failureInterceptor.ts'
import { createRemoveAssets } from './removeAssets.ts'
import { createUploadAssets, type UploadAssetsDeps } from './uploadAssets.ts'

const userId = randomUUID()

interface Job {
  bucket: string
  images?: number
  urls?: UploadAssetsDeps['assetUrls']
}

/** A finished render on this host, and a Supabase project to upload it to. */
async function finishedRender({ bucket, images = 1, urls = 'path' }: Job) {
  const directory = await temporaryDirectory()
  const storage = await startSupabaseStorage({ buckets: { sdxl_image_fast: {}, video_fast: {} } })
  onTestFinished(() => storage.close())
  const renders = createRenderStore({ directory: join(directory, 'renders') })
  const ref = { jobId: randomUUID(), planHash: 'a'.repeat(64) }
  const begun = await renders.begin(ref)
  if (!begun.begun) throw new Error('nobody else is here')
  const files: RenderedFile[] = []
  for (let index = 0; index < images; index++)
    files.push(await render(begun.workDir, index, bucket === 'video_fast'))
  const receipt: RenderReceipt = {
    ...ref,
    host: 'host',
    seed: 1,
    files: files.toReversed(), // the order of `index` counts, not that of the receipt
    timings: { waitMs: 0, loadMs: 0, cardMs: 0, encodeMs: 0, totalMs: 0 },
    memory: null,
    engine: { name: 'preview', version: '1', device: 'cpu', referenceMethod: null },
  }
  await renders.finish(ref, begun.workDir, receipt)

  const store = createSupabaseStore({ url: storage.url, key: storage.key, timeoutMs: 2000 })
  const uploadAssets = createUploadAssets({
    store,
    renders,
    assetUrls: urls,
    signedUrlSeconds: 60,
  })
  const input = { receipt, userId, bucket }
  const job = `${userId}/${ref.jobId}`
  return {
    storage,
    store,
    renders,
    receipt,
    uploadAssets,
    input,
    job,
    folder: join(directory, 'renders', ref.jobId, ref.planHash),
  }
}

async function render(workDir: string, index: number, video: boolean): Promise<RenderedFile> {
  const file = `${index}.${video ? 'mp4' : 'png'}`
  const path = join(workDir, file)
  const size = { width: 96, height: 160, frames: video ? 81 : 1 }
  if (video) await writeGreyVideo(path, size)
  else
    await sharp({ create: { ...size, channels: 3, background: { r: index, g: 9, b: 9 } } })
      .png()
      .toFile(path)
  const { size: bytes } = await stat(path)
  const contentType = video ? 'video/mp4' : 'image/png'
  const thumbnail = `${index}.thumb.webp`
  await writeFile(join(workDir, thumbnail), await verifyRenderedFile(path, { contentType, ...size }, ffmpeg))
  return { index, file, thumbnail, sha256: await fileHash(path), bytes, contentType, seed: index, ...size }
}

const puts = (requests: { method: string }[]) => requests.filter(({ method }) => method === 'POST').length

test('six images go up in order with their thumbnails, then their bytes leave the host', async () => {
  const { storage, uploadAssets, input, job, folder } = await finishedRender({
    bucket: 'sdxl_image_fast',
    images: 6,
  })
  const environment = activityEnvironment()
  const assets = await runActivity(uploadAssets, input, environment)
  expect(assets.map(({ path }) => path)).toEqual([0, 1, 2, 3, 4, 5].map(index => `${job}/${index}.png`))
  for (const { index, path, thumbnailPath, bytes, url } of assets) {
    expect([thumbnailPath, url]).toEqual([`${job}/${index}.thumb.webp`, null])
    const stored = storage.objects.get(`sdxl_image_fast/${path}`)
    expect([stored?.contentType, stored?.bytes.length]).toEqual(['image/png', bytes])
    expect((await sharp(stored?.bytes).raw().toBuffer())[0]).toBe(index)
    expect(storage.objects.get(`sdxl_image_fast/${thumbnailPath}`)?.contentType).toBe('image/webp')
  }
  expect((await readdir(folder)).filter(name => !name.endsWith('.json'))).toEqual([])

  const requests = storage.requests.length // Temporal lost the answer: the record gives it again
  expect(await runActivity(uploadAssets, input)).toEqual(assets)
  expect(storage.requests).toHaveLength(requests)
})

test('a video gets the thumbnail of its middle frame, and links where they are wanted', async () => {
  const { storage, uploadAssets, input, job } = await finishedRender({ bucket: 'video_fast', urls: 'signed' })
  const [asset] = await runActivity(uploadAssets, input)
  expect(asset?.path).toBe(`${job}/0.mp4`)
  const thumbnail = await (await fetch(asset?.thumbnailUrl ?? '')).arrayBuffer()
  expect(Math.abs(((await sharp(Buffer.from(thumbnail)).raw().toBuffer())[0] ?? 0) - 120)).toBeLessThan(4)
  expect((await fetch(asset?.url ?? '')).headers.get('content-type')).toBe('video/mp4')
  expect(storage.objects.size).toBe(2)

  const open = await finishedRender({ bucket: 'video_fast', urls: 'public' })
  const [shown] = await runActivity(open.uploadAssets, open.input)
  expect(shown?.url).toBe(`${open.storage.url}/storage/v1/object/public/video_fast/${open.job}/0.mp4`)
})

test('an upload that failed goes on where it ended, and loses nothing', async () => {
  const { storage, uploadAssets, input } = await finishedRender({ bucket: 'sdxl_image_fast', images: 6 })
  const beats: unknown[] = []
  const first = activityEnvironment()
  first.on('heartbeat', beat => beats.push(beat))
  for (let request = 0; request < 6; request++) storage.failNext({ kind: 'slow', delayMs: 20 })
  storage.failNext({ kind: 'badGateway' })
  await expect(runActivity(uploadAssets, input, first)).rejects.toMatchObject({ code: 'store_unavailable' })
  const before = puts(storage.requests)

  const second = activityEnvironment({ attempt: 2, heartbeatDetails: beats.at(-1) })
  expect(await runActivity(uploadAssets, input, second)).toHaveLength(6)
  const done = beats.at(-1)
  const skipped =
    typeof done === 'object' && done !== null && 'done' in done && Array.isArray(done.done)
      ? done.done.length
      : 0
  expect(skipped).toBeGreaterThan(0)
  expect(puts(storage.requests) - before).toBe(2 * (6 - skipped))
  expect(storage.objects.size).toBe(12)
})

test('a refusal of the storage is final, and Temporal hears so', async () => {
  const { uploadAssets, input } = await finishedRender({ bucket: 'sdxl_image_fast' })
  const environment = activityEnvironment({}, [failureInterceptor])
  const failure: unknown = await environment
    .run(uploadAssets, { ...input, bucket: 'no_such_bucket' })
    .catch(error => error)
  expect(failure).toBeInstanceOf(ApplicationFailure)
  expect(failure).toMatchObject({ type: 'store_refused', nonRetryable: true })
})

test('files that are gone or cut short are a lost render, and nothing is uploaded', async () => {
  const { storage, uploadAssets, input, folder } = await finishedRender({
    bucket: 'sdxl_image_fast',
    images: 3,
  })
  const lost = { code: 'render_lost' }
  await truncate(join(folder, '2.png'), 10)
  await expect(runActivity(uploadAssets, input)).rejects.toMatchObject(lost)
  const other = await finishedRender({ bucket: 'sdxl_image_fast' })
  await rm(join(other.folder, '0.thumb.webp'))
  await expect(runActivity(other.uploadAssets, other.input)).rejects.toMatchObject(lost)
  await rm(folder, { recursive: true, force: true })
  await expect(runActivity(uploadAssets, input)).rejects.toMatchObject(lost)
  expect(storage.requests).toEqual([])
})

test('a cancelled upload ends as cancelled, and what it left is removed', async () => {
  const { storage, store, uploadAssets, input, receipt } = await finishedRender({
    bucket: 'sdxl_image_fast',
    images: 6,
  })
  const environment = activityEnvironment()
  environment.on('heartbeat', beat => {
    if (typeof beat === 'object' && beat !== null) environment.cancel()
  })
  await expect(runActivity(uploadAssets, input, environment)).rejects.toMatchObject({
    name: 'CancelledFailure',
  })
  expect(storage.objects.size).toBeGreaterThan(0)
  const part = { bucket: input.bucket, userId, jobId: receipt.jobId, images: 6, extension: 'png' } as const
  // An upload that was cut off may still be on its way through the storage: hence the workflow's second removal.
  const removeAssets = createRemoveAssets({ store, jobStatus: async () => 'FAILED' })
  const left = async () => {
    await runActivity(removeAssets, part)
    return storage.objects.size
  }
  await expect.poll(left).toBe(0)
})
