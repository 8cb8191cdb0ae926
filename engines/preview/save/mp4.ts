import { Readable } from 'node:stream'
import { ExecaError, execa } from 'execa'
import { EngineFailure } from '../failure.ts'
import type { Canvas } from '../picture/canvas.ts'

/**
 * Writes canvases of one size as H.264 in an MP4 that plays while it loads: every frame exactly once, in 4:2:0, tagged
 * with the colours it was made with. Throws the signal's reason when it is aborted.
 *
 * On one thread: with several, on a busy machine, x264 made another file of the same frames in 2 of 612 encodings.
 */
export async function writeMp4(options: {
  frames: readonly Canvas[]
  fps: number
  path: string
  ffmpeg: string
  signal: AbortSignal
}): Promise<void> {
  const { frames, fps, path, ffmpeg, signal } = options
  const [first] = frames
  if (first === undefined) throw new EngineFailure('internal', 'a video without frames')
  const pixels = frames.map(frame => Buffer.from(frame.pixels.buffer))
  const input = [
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    `${first.width}x${first.height}`,
    '-r',
    String(fps),
  ]
  const colours = [
    '-color_primaries',
    'bt709',
    '-color_trc',
    'bt709',
    '-colorspace',
    'bt709',
    '-color_range',
    'tv',
  ]
  const h264 = ['-c:v', 'libx264', '-threads', '1', '-preset', 'veryfast', '-crf', '16', ...colours]
  const filter = ['-vf', 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p']
  const output = ['-movflags', '+faststart', '-fflags', '+bitexact', '-f', 'mp4', '-y', `file:${path}`]
  try {
    const args = [
      '-hide_banner',
      '-loglevel',
      'error',
      ...input,
      '-i',
      'pipe:0',
      ...filter,
      ...h264,
      ...output,
    ]
    await execa(ffmpeg, args, {
      input: Readable.from(pixels),
      stdout: 'ignore',
      cancelSignal: signal,
      forceKillAfterDelay: 500,
    })
  } catch (error) {
    signal.throwIfAborted()
    const said = error instanceof ExecaError ? `${error.shortMessage}\n${error.stderr}` : String(error)
    const code = said.includes('No space left') ? 'disk_full' : 'internal'
    throw new EngineFailure(code, `ffmpeg failed: ${said.slice(0, 1_000)}`, { cause: error })
  }
}
