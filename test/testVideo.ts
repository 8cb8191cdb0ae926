import installer from '@ffmpeg-installer/ffmpeg'
import { execa } from 'execa'

export const ffmpeg: string = installer.path

/** Writes an H.264 MP4 whose frame n is all grey, of brightness n × 3. */
export async function writeGreyVideo(
  file: string,
  { width, height, frames }: { width: number; height: number; frames: number },
): Promise<void> {
  const pixels = Buffer.concat(
    Array.from({ length: frames }, (_, n) => Buffer.alloc(width * height * 3, n * 3)),
  )
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', '16', '-i', '-']
  const output = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-movflags',
    '+faststart',
    file,
  ]
  await execa(ffmpeg, ['-v', 'error', '-y', ...input, ...output], { input: pixels, timeout: 30_000 })
}
