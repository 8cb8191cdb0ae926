import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { ffmpeg, writeGreyVideo } from '../test/testVideo.ts'
import { fileHash } from './fileHash.ts'
import { verifyRenderedFile } from './inspect.ts'

const invalid = { code: 'engine_output_invalid' }
const video = { contentType: 'video/mp4', width: 96, height: 160, frames: 81 } as const
const png = { contentType: 'image/png', width: 600, height: 300, frames: 1 } as const

async function videoFile(): Promise<string> {
  const file = join(await temporaryDirectory(), '0.mp4')
  await writeGreyVideo(file, video)
  return file
}

async function pngFile(): Promise<string> {
  const file = join(await temporaryDirectory(), '0.png')
  const pixels = Buffer.from(Array.from({ length: 600 * 300 * 3 }, (_, i) => (i * 7919) % 251))
  await sharp(pixels, { raw: { width: 600, height: 300, channels: 3 } })
    .png()
    .toFile(file)
  return file
}

test('a whole video of the right size and length passes', async () => {
  const file = await videoFile()
  const bytes = (await readFile(file)).length
  await verifyRenderedFile(file, { ...video, sha256: await fileHash(file) }, ffmpeg)
  await expect(verifyRenderedFile(file, { ...video, frames: 83 }, ffmpeg)).rejects.toMatchObject(invalid)
  await expect(verifyRenderedFile(file, { ...video, width: 160, height: 96 }, ffmpeg)).rejects.toMatchObject(
    invalid,
  )
  await expect(verifyRenderedFile(file, png, ffmpeg)).rejects.toMatchObject(invalid)
  await truncate(file, Math.floor(bytes * 0.7))
  await expect(verifyRenderedFile(file, video, ffmpeg)).rejects.toMatchObject(invalid)
})

test('a whole PNG passes; a truncated, missing, changed or animated one does not', async () => {
  const file = await pngFile()
  const content = await readFile(file)
  await verifyRenderedFile(file, { ...png, sha256: await fileHash(file) }, ffmpeg)
  await expect(verifyRenderedFile(file, { ...png, width: 601 }, ffmpeg)).rejects.toMatchObject(invalid)
  await expect(verifyRenderedFile(file, { ...png, sha256: 'f'.repeat(64) }, ffmpeg)).rejects.toMatchObject(
    invalid,
  )
  await truncate(file, Math.floor(content.length * 0.9))
  await expect(verifyRenderedFile(file, png, ffmpeg)).rejects.toMatchObject(invalid)
  await expect(verifyRenderedFile(`${file}.none`, png, ffmpeg)).rejects.toMatchObject(invalid)

  // WAN's own program writes several frames into one animated PNG: an `acTL` chunk behind the header tells it.
  const control = Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.from('acTL'), Buffer.alloc(12)])
  await writeFile(file, Buffer.concat([content.subarray(0, 33), control, content.subarray(33)]))
  await expect(verifyRenderedFile(file, png, ffmpeg)).rejects.toMatchObject(invalid)
})

test('an ffmpeg that is not there is no fault of the file', async () => {
  const verified = verifyRenderedFile(await videoFile(), video, '/nowhere/ffmpeg')
  await expect(verified).rejects.toThrow('ffmpeg could not be run')
})

test('what was verified comes back as a WebP of 256 px, of a video its middle frame', async () => {
  const ofPng = await verifyRenderedFile(await pngFile(), png, ffmpeg)
  expect(await sharp(ofPng).metadata()).toMatchObject({ format: 'webp', width: 256, height: 128 })

  const ofVideo = await verifyRenderedFile(await videoFile(), video, ffmpeg)
  const { data, info } = await sharp(ofVideo).raw().toBuffer({ resolveWithObject: true })
  expect([info.width, info.height]).toEqual([96, 160]) // small pictures are not enlarged
  expect(Math.abs((data[0] ?? 0) - 120)).toBeLessThan(4)
})
