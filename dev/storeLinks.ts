import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ObjectStore } from '../assets/store.ts'
import type { ReceivedCallback } from './callbackAnswer.ts'
import type { AssetLinks } from './deliveryPage.ts'

const LINK_SECONDS = 86_400

/** Finds the assets of a callback, which names paths without their bucket, in the folder of a directory store. */
export function storeLinks(directory: string, store: ObjectStore) {
  return async ({ assets = [], metadata }: ReceivedCallback): Promise<AssetLinks> => {
    const thumbnails = Array.isArray(metadata.thumbnails) ? metadata.thumbnails : []
    const bucket = await bucketWith(directory, assets[0])
    if (bucket === null) return []
    // What is no plain path has no link, and must not keep the others from theirs.
    const urlOf = (path: string) => store.signedUrl({ bucket, path }, LINK_SECONDS).catch(() => null)
    const links = await Promise.all(
      assets.map(async (path, index) => {
        const thumbnail: unknown = thumbnails[index]
        const url = await urlOf(path)
        const thumbnailUrl = typeof thumbnail === 'string' ? await urlOf(thumbnail) : null
        return url === null ? [] : [{ url, thumbnailUrl }]
      }),
    )
    return links.flat()
  }
}

/** An asset's path names its job, so it is in one bucket only. What is no plain path is in none. */
async function bucketWith(directory: string, path: string | undefined): Promise<string | null> {
  if (path === undefined || !/^[0-9a-f-]{36}\/[0-9a-f-]{36}\/[\w.-]+$/.test(path)) return null
  const buckets = await readdir(directory).catch(() => [])
  for (const bucket of buckets) {
    const there = await access(join(directory, bucket, path)).then(
      () => true,
      () => false,
    )
    if (there) return bucket
  }
  return null
}
