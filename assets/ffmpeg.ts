import { resolve } from 'node:path'
import { execa } from 'execa'
import which from 'which'
import { inheriting } from '../jobs/inheriting.ts'

/**
 * The path of an ffmpeg that makes H.264: the given one, or else the first that works of those on PATH and the one that
 * the package @ffmpeg-installer/ffmpeg brings. Throws an error that says what was tried; a given one that does not work
 * is an error too, never passed over.
 */
export async function findFfmpeg(explicit: string | null = null): Promise<string> {
  if (explicit !== null) {
    const [path] = await onPath(explicit)
    const problem = path === undefined ? 'not found, or not a program' : await problemOf(path)
    if (path !== undefined && problem === null) return path
    throw new Error(`The ffmpeg that was given cannot be used: ${explicit}: ${problem}`)
  }
  const problems: string[] = []
  for (const path of [...(await onPath('ffmpeg')), ...(await packaged())]) {
    const problem = await problemOf(path)
    if (problem === null) return path
    problems.push(`${path}: ${problem}`)
  }
  const tried =
    problems.length === 0 ? 'none on PATH, and none is packaged for this platform' : problems.join('\n  ')
  throw new Error(`No usable ffmpeg was found. Install one with libx264, or name it (FFMPEG):\n  ${tried}`)
}

async function onPath(command: string): Promise<string[]> {
  const paths = await which(command, { all: true, nothrow: true })
  return (paths ?? []).map(path => resolve(path))
}

/** Why a program is of no use; null when it is of use. Some builds come without libx264. */
async function problemOf(path: string): Promise<string | null> {
  const result = await execa(path, ['-hide_banner', '-encoders'], {
    ...inheriting(),
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  })
  if (result.failed) return result.shortMessage ?? 'it failed'
  return /\blibx264\b/.test(result.stdout) ? null : 'it has no libx264'
}

async function packaged(): Promise<string[]> {
  try {
    const { default: installer } = await import('@ffmpeg-installer/ffmpeg')
    return [installer.path]
  } catch {
    // The package throws when it is loaded on a platform that it has no program for.
    return []
  }
}
