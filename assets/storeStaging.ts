import { join } from 'node:path'
import { JobFailure } from '../jobs/failures.ts'
import { SHA256 } from '../jobs/sha256.ts'
import { createDirectoryStaging, stagedPath } from './directoryStaging.ts'
import { collectFiles } from './keptFiles.ts'
import type { Staging } from './staging.ts'
import type { ObjectStore } from './store.ts'

/** No staged file is larger: an original is 20 MB by default, a frame some MB. */
const MAX_BYTES = 512 * 2 ** 20

/** Staging in a bucket, for several machines, with a directory as this machine's cache. */
export function createStoreStaging(options: { store: ObjectStore; bucket: string; cache: string }): Staging {
  const { store, bucket, cache } = options
  const local = createDirectoryStaging(cache)

  return {
    async put(file, size) {
      const staged = await local.put(file, size)
      // Also when it is there: writing it again is what keeps it from being collected while this job waits.
      const ref = { bucket, path: staged.sha256 }
      await store.putFile(ref, stagedPath(cache, staged.sha256), { contentType: 'application/octet-stream' })
      return staged
    },

    async open(sha256) {
      stagedPath(cache, sha256) // throws for what is no hash
      const kept = await local.open(sha256).catch(error => {
        if (error instanceof JobFailure) return null // not here, or damaged
        throw error
      })
      if (kept !== null) return kept
      return await local.withScratch(async scratch => {
        const file = join(scratch, 'download')
        await store.getFile({ bucket, path: sha256 }, file, { maxBytes: MAX_BYTES }).catch(error => {
          if (!(error instanceof JobFailure) || error.code !== 'reference_not_found') throw error
          throw new JobFailure('staged_lost', `the staged reference ${sha256} is gone`, { cause: error })
        })
        await local.put(file, { width: 0, height: 0 }) // kept by its true hash, so `open` finds out if that is another
        return await local.open(sha256)
      })
    },

    async collect(limits) {
      const cached = await local.collect(limits)
      const objects = await store.list(bucket)
      // What has another name is somebody else's.
      const ours = objects.filter(({ path }) => SHA256.test(path))
      const files = ours.map(({ path, bytes, writtenAtMs }) => ({ path, bytes, usedAtMs: writtenAtMs }))
      const stored = await collectFiles(files, limits, paths => store.remove(bucket, paths))
      return {
        removedFiles: cached.removedFiles + stored.removedFiles,
        removedBytes: cached.removedBytes + stored.removedBytes,
        keptBytes: cached.keptBytes + stored.keptBytes,
      }
    },

    withScratch: work => local.withScratch(work),
  }
}
