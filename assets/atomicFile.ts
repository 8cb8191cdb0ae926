import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { JobFailure } from '../jobs/failures.ts'
import { syncToDisk } from './syncToDisk.ts'

/**
 * Copies a file so that `target` is, also after a crash, either absent, what it was, or whole; once this returns, it is whole
 * also after a power cut, on a file system with a journal. `scratch` is a folder on the target's file system. Throws `disk_full`.
 */
export async function copyAtomically(source: string, target: string, scratch: string): Promise<void> {
  const temporary = join(scratch, randomUUID())
  try {
    await mkdir(scratch, { recursive: true })
    await copyFile(source, temporary, constants.COPYFILE_FICLONE)
    await syncToDisk(temporary)
    await mkdir(dirname(target), { recursive: true })
    await rename(temporary, target)
    await syncToDisk(dirname(target))
  } catch (error) {
    await rm(temporary, { force: true })
    throw diskFull(error, target)
  }
}

/** Turns "no space left" into the failure `disk_full`; gives any other error back as it is. */
export function diskFull(error: unknown, target: string): unknown {
  const code = errorCode(error)
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new JobFailure('disk_full', `no space left for ${target}`, { cause: error })
}

/** Whether the error says that there is no such file or folder. */
export function isMissing(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** The `code` of a system error (`ENOENT`, …), or null. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}
