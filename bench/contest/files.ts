import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { execa } from 'execa'
import sharp from 'sharp'

export interface Picture {
  width: number
  height: number
  frames: number
}

const FPS = 16
const SIGNATURE_AND_IHDR_BYTES = 8 + 25

export type FileMaker = ReturnType<typeof createFileMaker>

/**
 * Real files of any size for next to no CPU: one of each size is made, and each copy carries a mark of its own. The folder
 * is shared by all programs of a world.
 */
export function createFileMaker(options: { folder: string; ffmpeg: string }) {
  const made = new Map<string, Promise<Buffer>>()

  function template(picture: Picture): Promise<Buffer> {
    const { width, height, frames } = picture
    const name = `${width}x${height}x${frames}.${frames > 1 ? 'mp4' : 'png'}`
    const known = made.get(name) ?? templateFile(options, name, picture)
    made.set(name, known)
    return known
  }

  return {
    template,
    /** The bytes of a picture or video that no other mark has. */
    async bytes(picture: Picture, mark: string): Promise<Buffer> {
      const bytes = await template(picture)
      return picture.frames > 1 ? markedMp4(bytes, mark) : markedPng(bytes, mark)
    },
  }
}

async function templateFile(
  { folder, ffmpeg }: { folder: string; ffmpeg: string },
  name: string,
  picture: Picture,
): Promise<Buffer> {
  const path = join(folder, name)
  const found = await readFile(path).catch(() => null)
  if (found !== null) return found
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `${process.pid}-${name}`)
  if (picture.frames > 1) await makeMp4(temporary, picture, ffmpeg)
  else await writeFile(temporary, await makePng(picture))
  await rename(temporary, path)
  return await readFile(path)
}

function makePng({ width, height }: Picture): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="60%" fill="#89b"/><rect y="60%" width="100%" height="40%" fill="#346"/>
    <circle cx="70%" cy="35%" r="12%" fill="#fd8"/></svg>`
  return sharp(Buffer.from(svg)).removeAlpha().png().toBuffer()
}

async function makeMp4(path: string, { width, height, frames }: Picture, ffmpeg: string): Promise<void> {
  const source = `color=c=0x336688:s=${width}x${height}:r=${FPS}`
  const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-movflags', '+faststart']
  await execa(
    ffmpeg,
    ['-v', 'error', '-f', 'lavfi', '-i', source, '-frames:v', String(frames), ...codec, '-y', path],
    { stdin: 'ignore' },
  )
}

/** A text chunk after the header. */
function markedPng(png: Buffer, mark: string): Buffer {
  const body = Buffer.from(`tEXtComment\0${mark}`, 'latin1')
  const chunk = Buffer.alloc(body.length + 8)
  chunk.writeUInt32BE(body.length - 4, 0)
  body.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(body), body.length + 4)
  const head = SIGNATURE_AND_IHDR_BYTES
  return Buffer.concat([png.subarray(0, head), chunk, png.subarray(head)])
}

/** A box that players skip, at the end. */
function markedMp4(mp4: Buffer, mark: string): Buffer {
  const text = Buffer.from(mark, 'latin1')
  const box = Buffer.alloc(8 + text.length)
  box.writeUInt32BE(box.length, 0)
  box.write('free', 4, 'latin1')
  text.copy(box, 8)
  return Buffer.concat([mp4, box])
}
