import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What a killed process left unfinished is surely nobody's after this. */
const TTL_MS = 3_600_000

/** Removes from a folder of unfinished work what nobody has written to for an hour. */
export async function removeOldScratch(scratch: string): Promise<void> {
  const names = await readdir(scratch).catch(() => [])
  for (const name of names) {
    const path = join(scratch, name)
    const found = await stat(path).catch(() => null)
    if (found && Date.now() - found.mtimeMs > TTL_MS) await rm(path, { recursive: true, force: true })
  }
}
