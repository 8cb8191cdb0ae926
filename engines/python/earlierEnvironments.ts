import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode } from '../../assets/atomicFile.ts'
import { tryProcessLock } from '../../gpu/processLock.ts'
import { lockOf } from './keptEnvironment.ts'

export interface EarlierEnvironment {
  directory: string
  bytes: number
  /** A process of this machine runs in it, or makes it: it stays. */
  inUse: boolean
}

/** Folders of other environments of the same kind: of earlier lists, or other Pythons. Nothing else in the cache has such a name. */
export async function others(directory: string): Promise<string[]> {
  const kind = basename(directory).replace(/[^-]*$/, '')
  const parent = dirname(directory)
  const entries = await readdir(parent, { withFileTypes: true })
  return entries
    .filter(entry => entry.isDirectory() && entry.name.startsWith(kind))
    .filter(({ name }) => /^[0-9a-f]{16}$/.test(name.slice(kind.length)))
    .map(({ name }) => join(parent, name))
    .filter(other => other !== directory)
}

/** What the engine's environments leave in the cache when their list changes: all of them but `kept`, some of which may not exist. */
export async function earlierEnvironments(kept: readonly string[]): Promise<EarlierEnvironment[]> {
  const [first] = kept
  if (first === undefined) return []
  const earlier = (await others(first).catch(ifAbsent([]))).filter(directory => !kept.includes(directory))
  return await Promise.all(
    earlier.sort().map(async directory => ({
      directory,
      bytes: await sizeOf(directory),
      inUse: (await runsIn(directory)) || (await isBeingMade(directory)),
    })),
  )
}

/** Removes one that nothing uses. Throws where something does by now. */
export async function removeEnvironment(directory: string): Promise<void> {
  const lock = await tryProcessLock(lockOf(directory))
  if (lock === null || (await runsIn(directory))) {
    lock?.release()
    throw new Error(`${directory} is in use`)
  }
  try {
    await rm(directory, { recursive: true, force: true })
    await rm(lockOf(directory), { force: true })
  } finally {
    lock.release()
  }
}

async function isBeingMade(directory: string): Promise<boolean> {
  const lock = await tryProcessLock(lockOf(directory))
  lock?.release()
  return lock === null
}

/** A virtual environment's Python is a link to another's: only the command line and the mapped packages name its folder. */
async function runsIn(directory: string): Promise<boolean> {
  const pids = (await readdir('/proc').catch(ifAbsent([]))).filter(name => /^\d+$/.test(name))
  for (const pid of pids) {
    for (const file of ['cmdline', 'maps']) {
      const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
      if (text.includes(`${directory}/`)) return true
    }
  }
  return false
}

/** Bytes on the disk, links not followed; a file that is linked several times counts each time. */
async function sizeOf(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  let bytes = 0
  for (const entry of entries) {
    if (entry.isFile())
      bytes += await lstat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      )
  }
  return bytes
}

function ifAbsent<T>(value: T) {
  return (error: unknown): T => {
    if (errorCode(error) === 'ENOENT') return value
    throw error
  }
}
