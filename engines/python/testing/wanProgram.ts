import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFfmpeg } from '../../../assets/ffmpeg.ts'

const STAND_IN = fileURLToPath(new URL('wan_generate.py', import.meta.url))

/** What the stand-in was started with, and what it read, in order. */
export interface WanRun {
  argv: string[]
  pid: number
  group: number
  cwd: string
  environment: string[]
  /** Frames of the VACE arguments by sha256; null for text to video, and for an argument that was not given. */
  sources: Record<'src_video' | 'src_mask' | 'src_ref_images', string[] | null> | null
}

export interface WanProgram {
  path: string
  /** What it does from now on: `well`, or something that the stand-in knows to do wrong. */
  does(what: string): Promise<void>
  /** Runs since the last call of `does`. */
  runs(): Promise<WanRun[]>
}

/** A `wan_generate.py` that draws test pictures, in a folder of its own. */
export async function writeWanProgram(folder: string): Promise<WanProgram> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'wan_generate.py')
  const log = join(folder, 'runs.jsonl')
  await copyFile(STAND_IN, path)
  async function does(what: string): Promise<void> {
    await writeFile(
      join(folder, 'behaviour.json'),
      JSON.stringify({ ffmpeg: await findFfmpeg(), does: what }),
    )
    await writeFile(log, '')
  }
  await does('well')
  return {
    path,
    does,
    async runs() {
      const runs: WanRun[] = []
      for (const line of (await readFile(log, 'utf8')).trim().split('\n').filter(Boolean)) {
        const { at, ...entry } = JSON.parse(line)
        const last = runs.at(-1)
        if (at === 'start') runs.push({ ...entry, sources: null })
        else if (last) last.sources = entry
      }
      return runs
    },
  }
}
