import { randomUUID } from 'node:crypto'
import { mkdir, rm, stat, utimes } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { JobFailure } from '../jobs/failures.ts'
import { SHA256 } from '../jobs/sha256.ts'
import { copyAtomically, errorCode } from './atomicFile.ts'
import { fileHash } from './fileHash.ts'
import { collectFiles, filesIn } from './keptFiles.ts'
import { removeOldScratch } from './oldScratch.ts'
import type { Staging } from './staging.ts'

/**
 * Staging in a directory, for one machine or a shared file system. Names have no extension: originals come in every
 * format, and every reader goes by the bytes.
 */
export function createDirectoryStaging(directory: string): Staging {
  const scratch = join(directory, '.scratch')

  return {
    async put(file, size) {
      const sha256 = await fileHash(file)
      const target = stagedPath(directory, sha256)
      const { size: bytes } = await stat(file)
      if ((await hashIfThere(target)) === sha256) await touch(target)
      else await copyAtomically(file, target, scratch)
      return { sha256, bytes, ...size }
    },

    async open(sha256) {
      const file = stagedPath(directory, sha256)
      const found = await hashIfThere(file)
      if (found === null) throw new JobFailure('staged_lost', `the staged reference ${sha256} is gone`)
      if (found !== sha256) {
        await rm(file, { force: true })
        throw new JobFailure('staged_lost', `the staged reference ${sha256} was damaged on disk`)
      }
      await touch(file)
      return file
    },

    async collect(limits) {
      await removeOldScratch(scratch)
      // What has another name is somebody else's.
      const ours = (await filesIn(directory)).filter(({ path }) => SHA256.test(basename(path)))
      return await collectFiles(ours, limits)
    },

    async withScratch(work) {
      const own = join(scratch, randomUUID())
      await mkdir(own, { recursive: true })
      try {
        return await work(own)
      } finally {
        await rm(own, { recursive: true, force: true })
      }
    },
  }
}

/** Where staged bytes lie. A hash comes from a workflow's history, so it is checked before it becomes a path. */
export function stagedPath(directory: string, sha256: string): string {
  if (!SHA256.test(sha256)) throw new JobFailure('internal', 'not a sha256 of a staged reference')
  return join(directory, sha256)
}

async function hashIfThere(file: string): Promise<string | null> {
  return await fileHash(file).catch(error => {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  })
}

async function touch(file: string): Promise<void> {
  const now = new Date()
  await utimes(file, now, now)
}
