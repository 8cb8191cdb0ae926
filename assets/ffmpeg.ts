import { execa } from 'execa'

/**
 * A command that runs an ffmpeg with H.264: the given one, or else the first that works of `ffmpeg` on PATH and the
 * program that the package @ffmpeg-installer/ffmpeg brings. Throws an error that says what was tried; a given one that
 * does not work is an error too, never passed over.
 */
export async function findFfmpeg(explicit: string | null = null): Promise<string> {
  if (explicit !== null) {
    const problem = await problemOf(explicit)
    if (problem === null) return explicit
    throw new Error(`The ffmpeg that was given cannot be used: ${explicit}: ${problem}`)
  }
  const problems: string[] = []
  for (const command of ['ffmpeg', await packagedFfmpeg()]) {
    const problem = command === null ? 'not made for this platform' : await problemOf(command)
    if (problem === null && command !== null) return command
    problems.push(`${command ?? '@ffmpeg-installer/ffmpeg'}: ${problem}`)
  }
  throw new Error(
    `No usable ffmpeg was found. Install one that has libx264, or name it (FFMPEG). Tried:\n  ${problems.join('\n  ')}`,
  )
}

/** Why a command is of no use; null when it is. Some builds come without libx264. */
async function problemOf(command: string): Promise<string | null> {
  const result = await execa(command, ['-hide_banner', '-encoders'], {
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  })
  if (result.failed) return result.shortMessage ?? 'it failed'
  return /\blibx264\b/.test(result.stdout) ? null : 'it has no libx264'
}

async function packagedFfmpeg(): Promise<string | null> {
  try {
    const { default: installer } = await import('@ffmpeg-installer/ffmpeg')
    return installer.path
  } catch {
    // The package throws when it is loaded on a platform that it has no program for.
    return null
  }
}
