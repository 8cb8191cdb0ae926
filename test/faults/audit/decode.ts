import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import sharp from 'sharp'

export interface Decoded {
  width: number
  height: number
  frames: number
}

/** Both throw when anything of the file is missing. */
export interface Decoder {
  picture(file: string): Promise<Decoded>
  video(file: string): Promise<Decoded>
}

const run = promisify(execFile)

/** Throws where there is no ffmpeg. */
export async function createDecoder(): Promise<Decoder> {
  const ffmpeg = await findFfmpeg()
  return { picture: decodePicture, video: file => decodeVideo(file, ffmpeg) }
}

/** Decodes every pixel of a picture. */
async function decodePicture(file: string): Promise<Decoded> {
  const { info } = await sharp(file, { failOn: 'warning' }).raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, frames: 1 }
}

/** Decodes every frame of a video. Throws when ffmpeg finds anything wrong with it. */
async function decodeVideo(file: string, ffmpeg: string): Promise<Decoded> {
  const args = ['-nostdin', '-v', 'error', '-xerror', '-err_detect', 'explode', '-i', file]
  const { stdout, stderr } = await run(ffmpeg, [...args, '-map', '0:v:0', '-f', 'framemd5', '-'], {
    maxBuffer: 2 ** 24,
  })
  if (stderr.trim() !== '') throw new Error(stderr.trim())
  const size = /^#dimensions 0: (\d+)x(\d+)$/m.exec(stdout)
  const frames = stdout.split('\n').filter(line => /^0,/.test(line)).length
  return { width: Number(size?.[1] ?? 0), height: Number(size?.[2] ?? 0), frames }
}

/** The ffmpeg of PATH, or the one that a package brings. Throws where there is neither. */
async function findFfmpeg(): Promise<string> {
  const works = async (path: string) => {
    await run(path, ['-version'])
    return path
  }
  try {
    return await works('ffmpeg')
  } catch {
    const { default: installer } = await import('@ffmpeg-installer/ffmpeg')
    return await works(installer.path)
  }
}
