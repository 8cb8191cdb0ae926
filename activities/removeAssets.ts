import type { ObjectStore } from '../assets/store.ts'
import { allObjectPaths } from '../jobs/objectPaths.ts'
import type { RemoveAssetsInput } from '../workflows/types.ts'

export interface RemoveAssetsDeps {
  store: Pick<ObjectStore, 'remove'>
  /** The state of the job's workflow; null if Temporal has forgotten it. */
  jobStatus: (jobId: string) => Promise<string | null>
}

/**
 * Removes whatever a job that failed or was cancelled had uploaded; what was never there is no error. A job that was reset
 * since then has the same paths: while it runs this throws, to be tried again, and when it has completed nothing is removed.
 */
export function createRemoveAssets({ store, jobStatus }: RemoveAssetsDeps) {
  return async function removeAssets({ bucket, ...job }: RemoveAssetsInput): Promise<void> {
    const status = await jobStatus(job.jobId)
    if (status === 'RUNNING') throw new Error('the job is still running')
    if (status !== 'COMPLETED') await store.remove(bucket, allObjectPaths(job))
  }
}
