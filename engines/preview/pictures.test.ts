import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, describe as suite, test } from 'vitest'
import type { RenderJob } from '../protocol.ts'
import { imageJob, videoJob } from './testing/exampleJobs.ts'
import { describe, difference, framesOf, pixelsOf, sha256, writeReference } from './testing/pictures.ts'
import { type PreviewClient, startPreview } from './testing/previewClient.ts'

let folder: string
let client: PreviewClient
let count = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'))
  // No PATH, no HOME, no font configuration: all that it draws with comes with it.
  client = startPreview({ grant: true, env: { FONTCONFIG_PATH: '/nonexistent' } })
  await client.until('hello')
  client.send({ type: 'init', lanes: ['sdxl', 'wan.image', 'wan.video', 'wan.enhance'], budgetMiB: null })
  await client.until('ready')
})

afterAll(async () => {
  client.kill()
  await rm(folder, { recursive: true, force: true })
})

/** Renders a job, and gives the paths of its files. */
async function render(job: RenderJob): Promise<string[]> {
  const id = `job-${count++}`
  const outDir = join(folder, id)
  await mkdir(outDir)
  client.send({ type: 'generate', id, lane: job.frames > 1 ? 'wan.video' : 'sdxl', job, outDir })
  const failed = client
    .until('failed', event => event.id === id)
    .then(({ message }) => Promise.reject(message))
  await Promise.race([client.until('done', event => event.id === id), failed])
  failed.catch(() => undefined)
  const artifacts = client.events.filter(event => event.type === 'artifact').filter(event => event.id === id)
  for (const { path, sha256: said } of artifacts) expect(sha256(await readFile(path))).toBe(said)
  expect((await readdir(outDir)).length).toBe(artifacts.length)
  return artifacts.map(({ path }) => path)
}

async function draw(job: RenderJob): Promise<Buffer> {
  const [path = ''] = await render(job)
  return await pixelsOf(path)
}

suite('images', () => {
  test('the same job gives the same pixels, and image i of six those of image 1 with seed + i', async () => {
    const six = await render({ ...imageJob, images: 6, expectedSeconds: 24 })
    expect(six).toHaveLength(6)
    const [first = '', , , fourth = ''] = six
    expect((await draw(imageJob)).equals(await pixelsOf(first))).toBe(true)
    expect((await draw({ ...imageJob, seed: imageJob.seed + 3 })).equals(await pixelsOf(fourth))).toBe(true)
    expect(difference(await pixelsOf(first), await pixelsOf(fourth))).toBeGreaterThan(1)
  })

  test('every parameter changes what is seen', async () => {
    const plain = await draw(imageJob)
    const long = 'a long way '.repeat(200)
    const variants: Partial<RenderJob>[] = [
      { prompt: 'a bowl of oranges' },
      { negativePrompt: 'rain' },
      { steps: 25 },
      { guidance: 7.5 },
      { solver: 'ddim' },
      { shift: 3 },
      { type: 'sdxl_image_high' },
      { model: 'another_model' },
    ]
    for (const variant of variants) {
      expect((await draw({ ...imageJob, ...variant })).equals(plain), JSON.stringify(variant)).toBe(false)
    }
    // Too long for the legend: the end is seen only in the fingerprint and the picture.
    const one = await draw({ ...imageJob, negativePrompt: `${long}one` })
    expect(one.equals(await draw({ ...imageJob, negativePrompt: `${long}two` }))).toBe(false)
  })

  test('the legend is written without any font of the machine', async () => {
    const pixels = await draw(imageJob)
    const { width, height } = imageJob
    const panel = pixels.subarray(Math.round(height * 0.7) * width * 3)
    const bright = panel.filter(value => value > 220).length / panel.length
    const dark = panel.filter(value => value < 70).length / panel.length
    expect(bright).toBeGreaterThan(0.004)
    expect(dark).toBeGreaterThan(0.5)
  })

  test('any Unicode is harmless in a prompt', async () => {
    const prompt = '\0</svg>&"\' 灯台 🚲\u202E abc \uD800 Ελλάδα Жар e\u0301 \u200B'
    const odd = await draw({ ...imageJob, prompt, negativePrompt: prompt, solver: '<&>' })
    expect(odd.length).toBe(512 * 512 * 3)
    await draw({ ...imageJob, prompt: 'w'.repeat(5_000) })
  })

  test('a single reference shows by its type, more with more strength, and in an inset', async () => {
    const path = await writeReference(
      join(folder, 'single.png'),
      { width: 300, height: 200 },
      '#d02020',
      '#20d020',
    )
    const plain = await draw(imageJob)
    const with_ = (referenceType: RenderJob['referenceType'], referenceStrength: number) =>
      draw({
        ...imageJob,
        referenceMode: 'single',
        references: [{ role: 'single', path }],
        referenceType,
        referenceStrength,
      })
    for (const type of ['style', 'composition', 'character', null] as const) {
      const weak = difference(await with_(type, 0.2), plain)
      const strong = difference(await with_(type, 0.9), plain)
      expect(weak, String(type)).toBeGreaterThan(1)
      expect(strong, String(type)).toBeGreaterThan(weak)
    }
    const pixels = await with_('style', 0.5)
    const corner = (20 * 512 + 512 - 30) * 3
    expect(Array.from(pixels.subarray(corner, corner + 3))).toEqual([0xd0, 0x20, 0x20])
  })

  test('wide and tall pictures have their size', async () => {
    for (const [width, height] of [
      [832, 480],
      [512, 1536],
      [1536, 512],
    ] as const) {
      expect((await draw({ ...imageJob, width, height })).length).toBe(width * height * 3)
    }
  })
})

suite('videos', () => {
  const references = async () => {
    const start = await writeReference(join(folder, 'start.png'), videoJob, '#e0a040', '#204060')
    const end = await writeReference(join(folder, 'end.png'), videoJob, '#102030', '#40c0a0')
    return { start, end }
  }

  test('81 frames at 16 a second, start and end frames exact, those between generated and moving', async () => {
    const { start, end } = await references()
    const [path = ''] = await render({
      ...videoJob,
      referenceMode: 'both',
      referenceStrength: 0.85,
      references: [
        { role: 'start', path: start },
        { role: 'end', path: end },
      ],
    })
    const frames = await framesOf(path, videoJob.width, videoJob.height)
    expect(frames).toHaveLength(81)
    const about = await describe(path)
    expect(about).toMatch(/h264.*yuv420p.*480x832.*16 fps/)
    expect(about).toMatch(/Duration: 00:00:05\.06/)
    const [first, second, middle, next, last] = [0, 1, 40, 41, 80].map(
      index => frames[index] ?? Buffer.alloc(0),
    )
    if (!first || !second || !middle || !next || !last) throw new Error('frames are missing')
    expect(difference(first, await pixelsOf(start))).toBeLessThan(2.5)
    expect(difference(last, await pixelsOf(end))).toBeLessThan(2.5)
    expect(difference(second, first)).toBeGreaterThan(1.5)
    expect(difference(middle, first)).toBeGreaterThan(10)
    expect(difference(middle, last)).toBeGreaterThan(10)
    expect(difference(middle, next)).toBeGreaterThan(0.2)
    // The index of the file stands before the pictures, so that it plays while it loads.
    const bytes = await readFile(path)
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'))
    // As the encoder itself noted: only on one thread does it make the same file of the same frames each time.
    expect(bytes.includes(' threads=1 lookahead_threads=1 ')).toBe(true)
  })

  test('a start frame leaves the end free, and an end frame the start', async () => {
    const { start, end } = await references()
    const short = { ...videoJob, frames: 9, referenceStrength: 0.5 }
    const from = await render({
      ...short,
      referenceMode: 'start',
      references: [{ role: 'start', path: start }],
    })
    const to = await render({ ...short, referenceMode: 'end', references: [{ role: 'end', path: end }] })
    const startFrames = await framesOf(from[0] ?? '', short.width, short.height)
    const endFrames = await framesOf(to[0] ?? '', short.width, short.height)
    expect([startFrames.length, endFrames.length]).toEqual([9, 9])
    const at = (frames: Buffer[], index: number) => frames.at(index) ?? Buffer.alloc(0)
    expect(difference(at(startFrames, 0), await pixelsOf(start))).toBeLessThan(2.5)
    expect(difference(at(startFrames, -1), await pixelsOf(start))).toBeGreaterThan(10)
    expect(difference(at(endFrames, -1), await pixelsOf(end))).toBeLessThan(2.5)
    expect(difference(at(endFrames, 0), await pixelsOf(end))).toBeGreaterThan(10)
  })

  test('a single reference and no reference guide every frame, and the same job gives the same file', async () => {
    const path = await writeReference(
      join(folder, 'guide.png'),
      { width: 480, height: 832 },
      '#ffffff',
      '#c00000',
    )
    const short = { ...videoJob, frames: 5 }
    const guided: RenderJob = {
      ...short,
      referenceMode: 'single',
      references: [{ role: 'single', path }],
      referenceStrength: 0.9,
    }
    const [plain = '', again = '', single = ''] = [
      ...(await render(short)),
      ...(await render(short)),
      ...(await render(guided)),
    ]
    expect((await readFile(plain)).equals(await readFile(again))).toBe(true)
    const [plainFrames, singleFrames] = await Promise.all(
      [plain, single].map(file => framesOf(file, 480, 832)),
    )
    for (const index of [0, 4]) {
      expect(
        difference(plainFrames?.[index] ?? Buffer.alloc(0), singleFrames?.[index] ?? Buffer.alloc(1)),
      ).toBeGreaterThan(10)
    }
  })

  test('a start frame of another size, a file that is no picture and a missing role are refused', async () => {
    const small = await writeReference(
      join(folder, 'small.png'),
      { width: 64, height: 64 },
      '#000000',
      '#ffffff',
    )
    const start = (path: string): RenderJob => ({
      ...videoJob,
      referenceMode: 'start',
      references: [{ role: 'start', path }],
    })
    await expect(render(start(small))).rejects.toMatch('64x64, not 480x832')
    await expect(render(start(import.meta.filename))).rejects.toMatch('no picture')
    await expect(render({ ...videoJob, referenceMode: 'both' })).rejects.toMatch('start and end')
  })
})
