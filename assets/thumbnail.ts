import sharp from 'sharp'
import { JobFailure } from '../jobs/failures.ts'
import { runFfmpeg } from './runFfmpeg.ts'

const LONGEST_EDGE = 256
const QUALITY = 85
/** Three hundredths larger than at sharp's default of 4, in a fifth less time [measured on a 1024² PNG]. */
const EFFORT = 2

export interface ThumbnailSource {
  file: string
  contentType: 'image/png' | 'video/mp4'
  frames: number
}

/** Writes a WebP of at most 256 px a side; of a video, its middle frame. Throws `engine_output_invalid` if there is none. */
export async function makeThumbnail(
  source: ThumbnailSource,
  output: string,
  { ffmpeg, signal }: { ffmpeg: string; signal?: AbortSignal },
): Promise<void> {
  const picture = source.contentType === 'video/mp4' ? await middleFrame(source, ffmpeg, signal) : source.file
  try {
    await sharp(picture, { failOn: 'error' })
      .resize({ width: LONGEST_EDGE, height: LONGEST_EDGE, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: QUALITY, effort: EFFORT })
      .toFile(output)
  } catch (error) {
    throw new JobFailure('engine_output_invalid', `no thumbnail of ${source.file}`, { cause: error })
  }
}

async function middleFrame(
  { file, frames }: ThumbnailSource,
  ffmpeg: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const middle = Math.floor(frames / 2)
  const args = [
    '-i',
    file,
    '-vf',
    `select=eq(n\\,${middle})`,
    '-frames:v',
    '1',
    '-f',
    'image2pipe',
    '-c:v',
    'png',
    '-',
  ]
  const { stdout, complaint } = await runFfmpeg(ffmpeg, args, signal)
  if (stdout.length > 0) return stdout
  throw new JobFailure('engine_output_invalid', `no frame ${middle} in ${file}: ${complaint}`)
}
