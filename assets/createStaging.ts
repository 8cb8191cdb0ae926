import { createDirectoryStaging } from './directoryStaging.ts'
import type { Staging } from './staging.ts'
import type { ObjectStore } from './store.ts'
import { createStoreStaging } from './storeStaging.ts'

/** The `staging` section of the configuration. */
export interface StagingSettings {
  kind: 'directory' | 'store'
  directory: string
  bucket: string
}

/** The staging that the configuration names. */
export function createStaging({ kind, directory, bucket }: StagingSettings, store: ObjectStore): Staging {
  if (kind === 'directory') return createDirectoryStaging(directory)
  return createStoreStaging({ store, bucket, cache: directory })
}
