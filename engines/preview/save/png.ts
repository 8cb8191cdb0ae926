import { writeFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { Canvas } from '../picture/canvas.ts'

/** Writes one canvas as a PNG. Throws the signal's reason when it is aborted. */
export async function writePng(canvas: Canvas, path: string, signal: AbortSignal): Promise<void> {
  const { pixels, width, height } = canvas
  signal.throwIfAborted()
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  signal.throwIfAborted()
  await writeFile(path, png)
}
