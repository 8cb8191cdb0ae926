import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { nowMs } from '../clock.ts'
import type { World } from '../contract.ts'
import type { Generate } from './runJob.ts'

const PROGRAM = fileURLToPath(new URL('./wanGenerate.ts', import.meta.url))

/** The seed's `subprocess.run(cmd)`: a process for each job, which begins with nothing. */
export function createWanGenerator({ world, ffmpeg }: { world: World; ffmpeg: string }): Generate {
  return async work => {
    const folder = join(world.dir, 'wan')
    await mkdir(folder, { recursive: true })
    const file = join(folder, `${work.jobId}.${work.frames > 1 ? 'mp4' : 'png'}`)
    const options = { world, ffmpeg, work, file, startedMs: nowMs() }
    // Its standard input ends with us, and it ends with that.
    await execa(process.execPath, [PROGRAM, JSON.stringify(options)], { stdin: 'pipe' })
    const bytes = await readFile(file)
    await rm(file)
    return [bytes]
  }
}
