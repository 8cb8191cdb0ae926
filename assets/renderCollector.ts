import { rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SHA256 } from '../jobs/sha256.ts'
import { UUID } from '../jobs/uuid.ts'
import type { Collected } from './keptFiles.ts'
import { currentMark, isOwned, namesIn } from './renderMarks.ts'

/** A render that was touched so recently may be about to begin, or to be uploaded. */
const YOUNG_MS = 10 * 60_000

interface FoundRender {
  folder: string
  bytes: number
  ageMs: number
}

/** Removes old renders (each counts as one file), then the oldest of the rest until they fit. Throws at its end what one refused. */
export async function collectRenders(options: {
  directory: string
  owner: { instance: string; active: Set<string> }
  ttlMs: number
  maxBytes: number
  now?: number
}): Promise<Collected> {
  const { directory, owner, ttlMs, maxBytes, now = Date.now() } = options
  const oldestFirst = (await findRenders(directory, now)).sort((a, b) => b.ageMs - a.ageMs)
  let keptBytes = oldestFirst.reduce((sum, { bytes }) => sum + bytes, 0)
  let removedFiles = 0
  let removedBytes = 0
  let failure: unknown = null
  for (const { folder, bytes, ageMs } of oldestFirst) {
    if (ageMs < YOUNG_MS || (ageMs <= ttlMs && keptBytes <= maxBytes)) continue
    const { mark } = await currentMark(folder)
    if (mark && isOwned(mark, folder, owner)) continue
    try {
      await rm(folder, { recursive: true, force: true })
    } catch (error) {
      // Somebody else's, perhaps: the others go all the same.
      failure ??= error
      continue
    }
    removedFiles += 1
    removedBytes += bytes
    keptBytes -= bytes
  }
  for (const job of await namesIn(directory)) {
    if (UUID.test(job)) await rmdir(join(directory, job)).catch(() => {}) // not empty
  }
  if (failure !== null) throw failure
  return { removedFiles, removedBytes, keptBytes }
}

async function findRenders(directory: string, now: number): Promise<FoundRender[]> {
  const found: FoundRender[] = []
  for (const job of (await namesIn(directory)).filter(name => UUID.test(name))) {
    for (const hash of (await namesIn(join(directory, job))).filter(name => SHA256.test(name))) {
      const folder = join(directory, job, hash)
      const { bytes, touchedMs } = await measure(folder)
      found.push({ folder, bytes, ageMs: now - touchedMs })
    }
  }
  return found
}

/** Bytes of everything in a folder, and when anything in it last changed. */
async function measure(folder: string): Promise<{ bytes: number; touchedMs: number }> {
  const own = await stat(folder).catch(() => null) // removed meanwhile
  let bytes = 0
  let touchedMs = own?.mtimeMs ?? 0
  for (const name of await namesIn(folder)) {
    const path = join(folder, name)
    const entry = await stat(path).catch(() => null)
    if (!entry) continue
    const inside = entry.isDirectory() ? await measure(path) : { bytes: entry.size, touchedMs: entry.mtimeMs }
    bytes += inside.bytes
    touchedMs = Math.max(touchedMs, inside.touchedMs)
  }
  return { bytes, touchedMs }
}
