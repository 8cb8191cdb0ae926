import type { ObjectStore } from '../assets/store.ts'
import { type AssetOwner, allObjectPaths } from '../jobs/objectPaths.ts'

export interface RemoveAssetsInput extends AssetOwner {
  bucket: string
  images: number
}

/** Removes whatever a job that failed or was cancelled had uploaded; what was never there is no error. */
export function createRemoveAssets({ store }: { store: Pick<ObjectStore, 'remove'> }) {
  return async function removeAssets({ bucket, ...job }: RemoveAssetsInput): Promise<void> {
    await store.remove(bucket, allObjectPaths(job))
  }
}
