import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { fileTypeFromBuffer } from 'file-type'
import { JobFailure } from '../jobs/failures.ts'
import { runFfmpeg } from './runFfmpeg.ts'
import { middleFrame, thumbnailOf } from './thumbnail.ts'

export interface ExpectedFile {
  contentType: 'image/png' | 'video/mp4'
  width: number
  height: number
  frames: number
  sha256?: string
}

interface Content {
  width: number
  height: number
  frames: number
}

/** Tens of times what a render of ours takes: a file is read whole. */
const LARGEST_BYTES = { 'image/png': 64 * 2 ** 20, 'video/mp4': 256 * 2 ** 20 }

/**
 * Gives the file's thumbnail (of a video, of its middle frame), which comes off the decode that checks it. Throws
 * `engine_output_invalid` unless the file is there, is of its type, decodes to its end, and has the right size and number
 * of frames: a program that failed to save a file may still have ended well.
 */
export async function verifyRenderedFile(
  file: string,
  expected: ExpectedFile,
  ffmpeg: string,
): Promise<Buffer> {
  const found = await stat(file).catch(() => null)
  if (!found?.isFile()) throw invalid(file, 'is missing')
  if (found.size > LARGEST_BYTES[expected.contentType]) throw invalid(file, `has ${found.size} bytes`)
  // Read once: everything here looks at its bytes.
  const bytes = await readFile(file)
  const type = await fileTypeFromBuffer(bytes)
  if (type?.mime !== expected.contentType)
    throw invalid(file, `is ${type?.mime ?? 'nothing known'}, not ${expected.contentType}`)
  const decoding =
    expected.contentType === 'image/png' ? decodePng(file, bytes) : decodeVideo(file, expected.frames, ffmpeg)
  const hash = createHash('sha256').update(bytes).digest('hex')
  const { content, thumbnail } = await decoding
  if (expected.sha256 !== undefined && hash !== expected.sha256) throw invalid(file, 'has another hash')
  const [is, should] = [content, expected].map(
    ({ width, height, frames }) => `${width}×${height}, ${frames} frames`,
  )
  if (is !== should) throw invalid(file, `is ${is}, not ${should}`)
  return thumbnail
}

async function decodePng(file: string, bytes: Buffer): Promise<{ content: Content; thumbnail: Buffer }> {
  try {
    const { webp, width, height } = await thumbnailOf(bytes)
    return { content: { width, height, frames: 1 }, thumbnail: webp }
  } catch (error) {
    throw invalid(file, 'does not decode', error)
  }
}

async function decodeVideo(
  file: string,
  expectedFrames: number,
  ffmpeg: string,
): Promise<{ content: Content; thumbnail: Buffer }> {
  const content = await countFrames(file, ffmpeg)
  const { webp } = await thumbnailOf(await middleFrame(file, expectedFrames, ffmpeg))
  return { content, thumbnail: webp }
}

/** framecrc writes `#dimensions 0: 480x832`, and a line for each frame that was decoded. */
async function countFrames(file: string, ffmpeg: string): Promise<Content> {
  const { ok, stdout, complaint } = await runFfmpeg(ffmpeg, [
    '-xerror',
    '-i',
    file,
    '-map',
    '0:v:0',
    '-f',
    'framecrc',
    '-',
  ])
  if (!ok) throw invalid(file, `does not decode: ${complaint}`)
  const lines = stdout.toString('utf8').split('\n')
  const size = lines.map(line => /^#dimensions 0: (\d+)x(\d+)/.exec(line)).find(match => match !== null)
  const frames = lines.filter(line => line !== '' && !line.startsWith('#')).length
  return { width: Number(size?.[1]), height: Number(size?.[2]), frames }
}

function invalid(file: string, problem: string, cause?: unknown): JobFailure {
  return new JobFailure('engine_output_invalid', `${file} ${problem}`, { cause })
}
