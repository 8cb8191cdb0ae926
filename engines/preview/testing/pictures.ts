import { createHash } from 'node:crypto'
import { execa } from 'execa'
import sharp from 'sharp'
import { findFfmpeg } from '../../../assets/ffmpeg.ts'

/** Pixels of a PNG: three bytes each, row by row. */
export async function pixelsOf(path: string): Promise<Buffer> {
  return await sharp(path).removeAlpha().raw().toBuffer()
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Every frame of a video, as ffmpeg decodes it: three bytes a pixel. */
export async function framesOf(path: string, width: number, height: number): Promise<Buffer[]> {
  const args = ['-loglevel', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1']
  const { stdout } = await execa(await findFfmpeg(), args, { encoding: 'buffer', stdin: 'ignore' })
  const bytes = Buffer.from(stdout)
  const size = width * height * 3
  return Array.from({ length: bytes.length / size }, (_, frame) =>
    bytes.subarray(frame * size, (frame + 1) * size),
  )
}

/** What ffmpeg tells of a file: its streams. */
export async function describe(path: string): Promise<string> {
  const { stderr } = await execa(await findFfmpeg(), ['-hide_banner', '-i', path], { reject: false })
  return stderr
}

/** Mean difference of two pictures, 0 to 255. */
export function difference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return 255
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length
}

/** Writes a picture of two halves, one colour above the other. */
export async function writeReference(
  path: string,
  { width, height }: { width: number; height: number },
  above: string,
  below: string,
): Promise<string> {
  const half = { width, height: height / 2, channels: 3 } as const
  await sharp({ create: { width, height, channels: 3, background: below } })
    .composite([{ input: { create: { ...half, background: above } }, left: 0, top: 0 }])
    .png()
    .toFile(path)
  return path
}
