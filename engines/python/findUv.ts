import { resolve } from 'node:path'
import which from 'which'
import { runTool } from './runTool.ts'

/** It understands `--require-hashes`, `--only-binary` and universal lists. */
const OLDEST = [0, 5] as const

/** A uv on a PATH that is new enough; null where there is none. */
export async function findUv(path: string | undefined, signal?: AbortSignal): Promise<string | null> {
  const found = await which('uv', { all: true, nothrow: true, ...(path === undefined ? {} : { path }) })
  for (const file of (found ?? []).map(file => resolve(file))) {
    const { ok, said } = await runTool(file, ['--version'], { cwd: '/', signal })
    const [, major, minor] = /^uv (\d+)\.(\d+)/.exec(said) ?? []
    if (!ok || major === undefined || minor === undefined) continue
    if (Number(major) > OLDEST[0] || Number(minor) >= OLDEST[1]) return file
  }
  return null
}
