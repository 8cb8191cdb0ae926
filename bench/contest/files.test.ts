import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import { verifyRenderedFile } from '../../assets/inspect.ts'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { createFileMaker } from './files.ts'

test.each([
  { width: 1024, height: 768, frames: 1 },
  { width: 480, height: 832, frames: 81 },
])('copies of one file of $frames frames decode, and no two are the same', async picture => {
  const folder = await temporaryDirectory()
  const ffmpeg = await findFfmpeg()
  const files = createFileMaker({ folder, ffmpeg })
  const copies = await Promise.all(['one', 'another'].map(mark => files.bytes(picture, mark)))
  expect(copies[0]?.equals(copies[1] ?? Buffer.alloc(0))).toBe(false)
  const contentType = picture.frames > 1 ? 'video/mp4' : 'image/png'
  for (const [index, bytes] of copies.entries()) {
    const file = join(folder, `copy-${index}`)
    await writeFile(file, bytes)
    await verifyRenderedFile(file, { contentType, ...picture }, ffmpeg)
  }
})
