import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import { verifyRenderedFile } from '../../assets/inspect.ts'
import type { ExampleJob } from '../../dev/exampleJobs.ts'
import {
  describe as describeMedia,
  difference,
  framesOf,
  pixelsOf,
} from '../../engines/preview/testing/pictures.ts'
import { jobTypeNames } from '../../jobs/jobTypes.ts'
import { WORKER_VERSION } from '../../jobs/version.ts'
import { type ExampleRun, runExamples } from './exampleRun.ts'
import { EXPECTED } from './expectedExamples.ts'
import { deliveriesOf, usageRecords } from './records.ts'

const LIMIT_MS = 240_000
const PICTURES = fileURLToPath(new URL('../../examples/pictures/', import.meta.url))
/** Mean differences, 0 to 255: what H.264 or WebP takes away, and what makes another picture. */
const SAME = 4
const OTHER = 8

let run: ExampleRun

beforeAll(async () => {
  run = await runExamples()
}, LIMIT_MS)

afterAll(() => run?.dev.stop())

const expected = Object.entries(EXPECTED)
const folderOf = (job: ExampleJob) => join(run.dev.storeDir, job.type, job.user_id, job.id)
const fileOf = (job: ExampleJob, index = 0) =>
  join(folderOf(job), `${index}.${job.type.startsWith('video') ? 'mp4' : 'png'}`)
const picture = (job: ExampleJob, index = 0) => pixelsOf(fileOf(job, index))

function example(name: string): ExampleJob {
  const job = run.examples[name]
  if (job === undefined) throw new Error(`no example ${name}`)
  return job
}

function payloadUrl(job: ExampleJob): unknown {
  const { config } = job
  return typeof config === 'object' && config !== null && 'reference_image_url' in config
    ? config.reference_image_url
    : undefined
}

test('one command runs them all, and tells the end of each', () => {
  expect(run.command).toMatchObject({ exitCode: 0, stderr: '' })
  const jobs = [...Object.values(run.examples), ...Object.values(run.variants)]
  expect([...run.ends.keys()].toSorted()).toEqual(jobs.map(({ id }) => id).toSorted())
  for (const { status } of run.ends.values()) expect(status).toBe('completed')
})

test('the examples are all of those there are, of every job type and in every reference mode', async () => {
  const files = (await readdir(new URL('../../examples/', import.meta.url))).filter(name =>
    name.endsWith('.json'),
  )
  expect(expected.map(([name]) => `${name}.json`).toSorted()).toEqual(files.toSorted())
  expect(new Set(expected.map(([, { type }]) => type))).toEqual(new Set(jobTypeNames))
  const videoModes = expected.filter(([, { type }]) => type.startsWith('video')).map(([, { mode }]) => mode)
  expect(new Set(videoModes)).toEqual(new Set(['none', 'single', 'start', 'end', 'both']))
})

describe.each(expected)('%s', (name, { type, mode, width, height, images = 1, ...rest }) => {
  const video = type.startsWith('video')
  const wan = !type.startsWith('sdxl')
  const enhanced = type.endsWith('_enhanced')
  const indices = Array.from({ length: images }, (_, index) => index)
  const jobOf = () => example(name)

  test('its files are whole, of the right kind and size, at their paths, with thumbnails', async () => {
    const job = jobOf()
    const ffmpeg = await findFfmpeg()
    const names = indices.flatMap(index => [`${index}.${video ? 'mp4' : 'png'}`, `${index}.thumb.webp`])
    expect((await readdir(folderOf(job))).toSorted()).toEqual(names.toSorted())
    for (const index of indices) {
      const file = fileOf(job, index)
      const contentType = video ? 'video/mp4' : 'image/png'
      await verifyRenderedFile(file, { contentType, width, height, frames: video ? 81 : 1 }, ffmpeg)
      if (video) expect(await describeMedia(file)).toMatch(/Video: h264.* 480x832.* 16 fps/)
      const thumbnail = join(folderOf(job), `${index}.thumb.webp`)
      const small = await sharp(thumbnail).metadata()
      expect(small).toMatchObject({ format: 'webp' })
      expect(Math.max(small.width, small.height)).toBe(256)
      const whole = video ? (await framesOf(file, width, height))[40] : await pixelsOf(file)
      const shrunk = await sharp(whole, { raw: { width, height, channels: 3 } })
        .resize(small.width, small.height, { fit: 'fill' })
        .raw()
        .toBuffer()
      expect(difference(await pixelsOf(thumbnail), shrunk)).toBeLessThan(SAME)
    }
  })

  test('the receiver hears that it is rendering, then all of its outcome, each once', async () => {
    const job = jobOf()
    await expect
      .poll(() => deliveriesOf(run.dev.dataDir, job.id), { timeout: 10_000 })
      .toMatchObject([
        { sequence: 1, webhookId: `evt_${job.id}_1`, processed: true, answered: 200 },
        { sequence: 2, webhookId: `evt_${job.id}_2`, processed: true, answered: 200 },
      ])
    const [processing, completed] = await deliveriesOf(run.dev.dataDir, job.id)
    const always = {
      ...(rest.seed === null ? { seed: expect.any(Number) } : { seed: rest.seed }),
      num_images: images,
      expected_time: rest.expectedSeconds,
      reference_mode: mode,
      ...rest.reference,
      ...(wan ? { requested_frames: video ? 83 : 1, frames: video ? 81 : 1 } : {}),
      worker_version: WORKER_VERSION,
    }
    const path = (file: string) => `${job.user_id}/${job.id}/${file}`
    expect(processing?.body).toMatchObject({ job_id: job.id, status: 'processing', metadata: always })
    expect(processing?.body).not.toHaveProperty('assets')
    expect(completed?.body).toMatchObject({
      job_id: job.id,
      status: 'completed',
      assets: indices.map(index => path(`${index}.${video ? 'mp4' : 'png'}`)),
      metadata: {
        ...always,
        thumbnails: indices.map(index => path(`${index}.thumb.webp`)),
        generation_time: expect.any(Number),
        ...(enhanced ? { enhancement: 'applied' } : {}),
      },
    })
    const metadata = completed?.body.metadata ?? {}
    const enhancedPrompt = completed?.body.enhancedPrompt
    const { generation_time: seconds, performance_ratio: ratio } = metadata
    expect(seconds).toBeGreaterThan(0)
    expect(ratio).toBeCloseTo(Number(seconds) / rest.expectedSeconds, 2)
    if (name === 'sdxl_image_high-character') expect(metadata.reference_image_url).toBe(payloadUrl(job))
    if (mode === 'none') {
      expect(
        Object.keys(metadata).filter(key => /reference_(strength|type|image_url)|_reference_url/.test(key)),
      ).toEqual([])
    }
    // Without a card there is nothing to tell of one.
    expect(Object.keys(metadata).filter(key => key.startsWith('vram'))).toEqual([])
    expect(metadata.seed).toBe(processing?.body.metadata.seed)
    if (enhanced) expect(enhancedPrompt).toMatch(new RegExp(`^${job.prompt}, .`))
    else expect([enhancedPrompt, metadata.enhancement]).toEqual([undefined, undefined])
  })

  test('its use is recorded once', async () => {
    const job = jobOf()
    const recorded = async () =>
      (await usageRecords(run.dev.dataDir)).filter(({ job_id }) => job_id === job.id)
    await expect.poll(recorded, { timeout: 10_000 }).toHaveLength(1)
    const sizes = await Promise.all(indices.map(async index => (await stat(fileOf(job, index))).size))
    const [record] = await recorded()
    expect(record).toMatchObject({ user_id: job.user_id, job_type: type, assets_generated: images })
    expect(record?.total_size_mb).toBeCloseTo(sizes.reduce((sum, bytes) => sum + bytes, 0) / 1024 ** 2, 2)
  })
})

test('the metrics of the worker are recorded for every job', async () => {
  const jobs = [...Object.values(run.examples), ...Object.values(run.variants)]
  const metrics = async () =>
    (await usageRecords(run.dev.dataDir)).filter(({ worker_id, success }) => worker_id === 'dev' && success)
  await expect.poll(metrics, { timeout: 10_000 }).toHaveLength(jobs.length)
  const types = (await metrics()).map(({ job_type }) => job_type)
  expect(types.toSorted()).toEqual(jobs.map(({ type }) => type).toSorted())
})

describe('references are seen', () => {
  /** The first and the last frame of an example's video, and two of its middle. */
  async function framesAt(name: string) {
    const frames = await framesOf(fileOf(example(name)), 480, 832)
    const at = (index: number) => frames[index] ?? Buffer.alloc(0)
    return { first: at(0), early: at(30), late: at(50), last: at(80) }
  }

  /** A picture of the examples at a video's size, cut at its centre. */
  const reference = (file: string) =>
    sharp(join(PICTURES, file)).resize(480, 832, { fit: 'cover' }).raw().toBuffer()

  test.each([
    ['video_high-start', 'lighthouse.png', null],
    ['video7b_fast_enhanced-end', null, 'lighthouse-night.png'],
    ['video7b_high_enhanced-both', 'lighthouse.png', 'lighthouse-night.png'],
    ['video_fast', null, null],
    ['video_fast-single', null, null],
  ] as const)('%s begins with %s and ends with %s', async (name, start, end) => {
    const { first, early, late, last } = await framesAt(name)
    const [day, night] = [await reference('lighthouse.png'), await reference('lighthouse-night.png')]
    const shows = (frame: Buffer, shown: Buffer, whether: boolean, what: string) => {
      const apart = difference(frame, shown)
      if (whether) expect(apart, what).toBeLessThan(SAME)
      else expect(apart, what).toBeGreaterThan(OTHER)
    }
    shows(first, day, start !== null, 'first, start')
    shows(first, night, false, 'first, end')
    shows(last, day, false, 'last, start')
    shows(last, night, end !== null, 'last, end')
    for (const between of [early, late]) {
      shows(between, day, false, 'between, start')
      shows(between, night, false, 'between, end')
    }
    expect(difference(early, late), 'it moves').toBeGreaterThan(1)
  })

  test('a single reference changes a video from its first to its last frame', async () => {
    const [with_, without] = [
      await framesOf(fileOf(example('video_fast-single')), 480, 832),
      await framesOf(fileOf(run.variants['video, unreferenced']), 480, 832),
    ]
    for (const frame of [0, 40, 80]) {
      expect(difference(with_[frame] ?? Buffer.alloc(0), without[frame] ?? Buffer.alloc(0))).toBeGreaterThan(
        OTHER,
      )
    }
  })

  test('a single reference changes an image, whatever it is taken for', async () => {
    const pairs = [
      [example('image_high-single'), run.variants['image, unreferenced']],
      [example('sdxl_image_fast-style'), run.variants['style, unreferenced']],
      [example('sdxl_image_high-composition'), run.variants['composition, unreferenced']],
      [run.variants['character, seeded'], run.variants['character, unreferenced']],
    ] as const
    for (const [with_, without] of pairs) {
      expect(difference(await picture(with_), await picture(without)), with_.type).toBeGreaterThan(OTHER)
    }
  })
})

describe('seeds and prompts decide', () => {
  const hasSame = async (one: Promise<Buffer>, other: Promise<Buffer>) => (await one).equals(await other)

  test('the same job under another id gives the same image and the same video', async () => {
    const [image, video] = [run.variants['image again'], run.variants['video again']]
    expect(await hasSame(picture(image), picture(example('sdxl_image_fast')))).toBe(true)
    const [one, other] = [
      await framesOf(fileOf(video), 480, 832),
      await framesOf(fileOf(example('video_fast')), 480, 832),
    ]
    expect(one.map((frame, index) => frame.equals(other[index] ?? Buffer.alloc(0)))).toEqual(
      Array(81).fill(true),
    )
  })

  test('image i of several is the image of seed + i', async () => {
    const [style, composition] = [example('sdxl_image_fast-style'), example('sdxl_image_high-composition')]
    expect(await hasSame(picture(style, 1), picture(run.variants['second of three']))).toBe(true)
    expect(await hasSame(picture(style, 2), picture(run.variants['third of three']))).toBe(true)
    expect(await hasSame(picture(composition, 5), picture(run.variants['last of six']))).toBe(true)
    const all = await Promise.all([0, 1, 2, 3, 4, 5].map(index => picture(composition, index)))
    expect(new Set(all.map(pixels => pixels.toString('base64'))).size).toBe(6)
  })

  test('another negative prompt, and none, give other images', async () => {
    const plain = await picture(example('sdxl_image_fast'))
    const other = await picture(run.variants['another negative prompt'])
    const none = await picture(run.variants['no negative prompt'])
    expect(difference(plain, other)).toBeGreaterThan(1)
    expect(difference(plain, none)).toBeGreaterThan(1)
    expect(difference(other, none)).toBeGreaterThan(1)
  })
})
