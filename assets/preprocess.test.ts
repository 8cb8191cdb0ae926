import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp, { type Color, type Sharp } from 'sharp'
import { expect, test } from 'vitest'
import type { ReferenceFit } from '../jobs/referenceFit.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { inspectReference } from './decodeReference.ts'
import { preprocessReference } from './preprocess.ts'

const maxPixels = 1_000_000
const RED = [255, 0, 0]
const BLUE = [0, 0, 255]
const BLACK = [0, 0, 0]
const WHITE = [255, 255, 255]

function plain(width: number, height: number, background: Color = 'red'): Sharp {
  return sharp({ create: { width, height, channels: 3, background } })
}

/** Left half red, right half blue. */
function halves(width: number, height: number): Sharp {
  const right = { create: { width: width / 2, height, channels: 3, background: 'blue' } } as const
  return plain(width, height).composite([{ input: right, left: width / 2, top: 0 }])
}

/** A picture that does not compress to nothing, so that a cut takes some of its data away. */
function noisy(width: number, height: number): Sharp {
  const pixels = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251))
  return sharp(pixels, { raw: { width, height, channels: 3 } })
}

async function fileOf(bytes: Buffer | string): Promise<string> {
  const file = join(await temporaryDirectory(), 'reference')
  await writeFile(file, bytes)
  return file
}

async function preprocess(bytes: Buffer | string, fit: ReferenceFit, width = 120, height = 200) {
  const file = await fileOf(bytes)
  const output = `${file}.png`
  const size = await preprocessReference(file, output, { width, height, fit, maxPixels })
  const { data, info } = await sharp(output).raw().toBuffer({ resolveWithObject: true })
  expect(info).toMatchObject({ ...size, channels: 3 })
  const pixel = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)]
  return { output, pixel, size }
}

function expectNear(actual: number[], expected: number[], tolerance = 12): void {
  const distance = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? 0))))
  expect(distance, `${actual} is not near ${expected}`).toBeLessThanOrEqual(tolerance)
}

test('cover fills the size and crops at the centre', async () => {
  const { pixel, size } = await preprocess(await halves(400, 200).png().toBuffer(), 'cover')
  expect(size).toEqual({ width: 120, height: 200 })
  expectNear(pixel(0, 0), RED)
  expectNear(pixel(119, 199), BLUE)
})

test('outside keeps the whole picture, and its middle is what cover leaves of it', async () => {
  const bytes = await halves(400, 100).png().toBuffer()
  const [whole, middle] = [
    await preprocess(bytes, 'outside', 100, 50),
    await preprocess(bytes, 'cover', 100, 50),
  ]
  expect(whole.size).toEqual({ width: 200, height: 50 })
  for (const x of [0, 49, 50, 99]) expect(whole.pixel(50 + x, 25)).toEqual(middle.pixel(x, 25))
})

test("the earlier system's letterbox shrinks and centres on black, and never enlarges", async () => {
  const large = await preprocess(await plain(400, 400).png().toBuffer(), 'letterbox-black')
  expect([large.pixel(60, 39), large.pixel(60, 40), large.pixel(60, 159), large.pixel(60, 160)]).toEqual([
    BLACK,
    RED,
    RED,
    BLACK,
  ])
  const small = await preprocess(await plain(11, 21).png().toBuffer(), 'letterbox-black')
  expect([
    small.pixel(53, 89),
    small.pixel(54, 89),
    small.pixel(64, 109),
    small.pixel(65, 109),
    small.pixel(64, 110),
  ]).toEqual([BLACK, RED, RED, BLACK, BLACK])
})

test('the white letterbox also enlarges', async () => {
  const { pixel } = await preprocess(await plain(10, 10).png().toBuffer(), 'letterbox-white')
  expect([pixel(0, 39), pixel(0, 40), pixel(119, 159), pixel(119, 160)]).toEqual([WHITE, RED, RED, WHITE])
})

test('EXIF orientation is applied, and decides the aspect', async () => {
  const turned = await halves(200, 100).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer() // upright: 100×200, red above
  expect(await inspectReference(await fileOf(turned), { maxPixels })).toEqual({ width: 100, height: 200 })
  const { pixel } = await preprocess(turned, 'letterbox-black', 100, 200)
  expectNear(pixel(50, 20), RED)
  expectNear(pixel(50, 180), BLUE)
})

test.each<[ReferenceFit, number[]]>([
  ['cover', BLACK],
  ['letterbox-black', BLACK],
  ['letterbox-white', WHITE],
])('transparency under %s shows the background', async (fit, background) => {
  const clear = sharp({
    create: { width: 120, height: 200, channels: 4, background: { r: 9, g: 200, b: 9, alpha: 0 } },
  })
  for (const bytes of [
    await clear.clone().png().toBuffer(),
    await clear.clone().webp({ lossless: true }).toBuffer(),
  ]) {
    expect((await preprocess(bytes, fit)).pixel(60, 100)).toEqual(background)
  }
})

test('a colour profile is honoured: the same red in P3 is another red in sRGB', async () => {
  const p3 = await plain(120, 200, { r: 200, g: 60, b: 60 }).withIccProfile('p3').png().toBuffer()
  const { pixel } = await preprocess(p3, 'cover')
  expectNear(pixel(60, 100), [200, 60, 60], 4)
  const mislabelled = await sharp(p3).keepIccProfile().raw().toBuffer() // the numbers in the file are not those
  expect([...mislabelled.subarray(0, 3)]).not.toEqual([200, 60, 60])
})

test.each<[string, () => Promise<Buffer>]>([
  ['CMYK jpeg', () => plain(120, 200).toColourspace('cmyk').jpeg().toBuffer()],
  ['8 bit grey png', () => plain(120, 200, 'gray').toColourspace('b-w').png().toBuffer()],
  ['16 bit grey png', () => plain(120, 200, 'gray').toColourspace('grey16').png().toBuffer()],
  ['16 bit png', () => plain(120, 200).toColourspace('rgb16').png().toBuffer()],
  ['palette png', () => halves(120, 200).png({ palette: true }).toBuffer()],
  ['webp', () => plain(120, 200).webp().toBuffer()],
  ['avif', () => plain(120, 200).avif({ effort: 0 }).toBuffer()],
  ['gif', () => plain(120, 200).gif().toBuffer()],
])('%s becomes 8 bit RGB without metadata', async (_, make) => {
  const { output, pixel } = await preprocess(await make(), 'cover')
  const metadata = await sharp(output).metadata()
  expect(metadata).toMatchObject({
    format: 'png',
    depth: 'uchar',
    channels: 3,
    space: 'srgb',
    hasProfile: false,
  })
  expect([metadata.exif, metadata.xmp, metadata.icc]).toEqual([undefined, undefined, undefined])
  expect(Math.max(...pixel(20, 100))).toBeGreaterThan(100)
})

test('the same picture gives the same bytes', async () => {
  const bytes = await noisy(300, 200).jpeg().toBuffer()
  const [first, second] = [await preprocess(bytes, 'cover'), await preprocess(bytes, 'cover')]
  expect((await readFile(first.output)).equals(await readFile(second.output))).toBe(true)
})

test('of an animation the first frame is taken', async () => {
  const frames = [
    await plain(120, 200, 'red').png().toBuffer(),
    await plain(120, 200, 'blue').png().toBuffer(),
  ]
  const animation = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
  expectNear((await preprocess(animation, 'cover')).pixel(60, 100), RED)
})

test.each<[string, string | Buffer]>([
  ['svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'],
  ['pdf', '%PDF-1.4\n%âãÏÓ\n1 0 obj'],
  ['html', '<!doctype html><title>404</title>'],
  ['text', 'no picture at all'],
  ['nothing', ''],
  ['zip', Buffer.from('504b0304140000000800', 'hex')],
])('%s is no picture', async (_, content) => {
  await expect(preprocess(content, 'cover')).rejects.toMatchObject({ code: 'reference_not_image' })
})

test('a tiff is a picture, but none that we read', async () => {
  const tiff = await plain(9, 9).tiff().toBuffer()
  await expect(preprocess(tiff, 'cover')).rejects.toMatchObject({ code: 'reference_not_image' })
})

test.each<['png' | 'jpeg' | 'webp' | 'gif' | 'avif']>([['png'], ['jpeg'], ['webp'], ['gif'], ['avif']])(
  'a truncated %s is damaged',
  async format => {
    const whole = await noisy(200, 100).toFormat(format).toBuffer()
    for (const share of [0.95, 0.5]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share))
      await expect(preprocess(cut, 'cover')).rejects.toMatchObject({ code: 'reference_corrupt' })
    }
  },
)

test('a PNG with changed data, and one that is only a header, are damaged', async () => {
  const changed = Buffer.from(await noisy(200, 100).png().toBuffer())
  changed.fill(0x55, changed.length / 2, changed.length / 2 + 9)
  await expect(preprocess(changed, 'cover')).rejects.toMatchObject({ code: 'reference_corrupt' })
  await expect(preprocess(changed.subarray(0, 60), 'cover')).rejects.toMatchObject({
    code: 'reference_corrupt',
  })
})

test('a bomb of few bytes and many pixels is too large, and found by its header', async () => {
  const bomb = await plain(4000, 4000).png({ compressionLevel: 9 }).toBuffer()
  expect(bomb.length).toBeLessThan(100_000)
  await expect(inspectReference(await fileOf(bomb), { maxPixels })).rejects.toMatchObject({
    code: 'reference_too_large',
  })
  await expect(preprocess(bomb, 'cover')).rejects.toMatchObject({ code: 'reference_too_large' })
})
