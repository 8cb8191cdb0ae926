import { join } from 'node:path'
import sharp from 'sharp'
import type { Place } from './place.ts'

/** Path of a PNG for a reference: a plain surface of the job's size. */
export async function drawPicture(
  { folder }: Place,
  { width, height }: { width: number; height: number },
): Promise<string> {
  const file = join(folder, `start-${width}x${height}.png`)
  const background = { r: 200, g: 60, b: 20 }
  await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toFile(file)
  return file
}
