import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errorCode } from './atomicFile.ts'

export interface CollectLimits {
  /** Files that nobody used for so long go. */
  ttlMs: number
  /** Above it the longest unused go first. */
  maxBytes: number
}

export interface Collected {
  removedFiles: number
  removedBytes: number
  keptBytes: number
}

export interface KeptFile {
  path: string
  bytes: number
  usedAtMs: number
}

/** A file used within the last quarter of an hour may be in use still, and stays even when there is too much. */
const IN_USE_MS = 15 * 60_000

/** Which files a collection removes: the expired ones, then the longest unused until the rest fits. */
export function expendable(files: KeptFile[], { ttlMs, maxBytes }: CollectLimits, nowMs: number): KeptFile[] {
  let kept = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const oldestFirst = [...files].sort((a, b) => a.usedAtMs - b.usedAtMs)
  return oldestFirst.filter(({ bytes, usedAtMs }) => {
    const unusedMs = nowMs - usedAtMs
    const goes = unusedMs > ttlMs || (kept > maxBytes && unusedMs > IN_USE_MS)
    if (goes) kept -= bytes
    return goes
  })
}

/** The files directly in a folder; none if it does not exist. */
export async function filesIn(directory: string): Promise<KeptFile[]> {
  const names = await readdir(directory).catch(error => {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  })
  const files: KeptFile[] = []
  for (const name of names) {
    const path = join(directory, name)
    const found = await stat(path).catch(() => null) // removed meanwhile
    if (found?.isFile()) files.push({ path, bytes: found.size, usedAtMs: found.mtimeMs })
  }
  return files
}

/** Removes what {@link expendable} names, by the way that `remove` knows. */
export async function collectFiles(
  files: KeptFile[],
  limits: CollectLimits,
  remove: (paths: string[]) => Promise<void> = removeFiles,
): Promise<Collected> {
  const going = expendable(files, limits, Date.now())
  await remove(going.map(({ path }) => path))
  const removedBytes = sum(going)
  return { removedFiles: going.length, removedBytes, keptBytes: sum(files) - removedBytes }
}

async function removeFiles(paths: string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true })
}

function sum(files: KeptFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0)
}
