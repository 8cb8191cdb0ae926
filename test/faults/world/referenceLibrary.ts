import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { OwnObjects } from './ownObjects.ts'
import type { Pictures } from './pictures.ts'

/** Of the store, where each has the reference pictures under their own id. */
export const USERS = [1, 2, 3, 4, 5].map(n => `0000000${n}-0000-4000-8000-000000000000`)
export const PICTURE_BUCKET = 'reference_images'
export const STAGING_BUCKET = 'staging'

const STAGED = /^[0-9a-f]{64}$/

/** Puts every picture under every user's id. */
export async function putPictures(objects: OwnObjects, pictures: Pictures): Promise<void> {
  for (const [path, name] of stored(pictures)) await objects.put(PICTURE_BUCKET, path, pictures.bytesOf(name))
}

export async function removePictures(objects: OwnObjects, pictures: Pictures): Promise<void> {
  await objects.remove(
    PICTURE_BUCKET,
    stored(pictures).map(([path]) => path),
  )
}

/** Removes what is staged, from the bucket first: a worker could fill its own folder from there again. Gives how many files. */
export async function loseStaged(objects: OwnObjects, dataDirs: readonly string[]): Promise<number> {
  const names = await objects.namesIn(STAGING_BUCKET)
  await objects.remove(STAGING_BUCKET, names)
  const kept = await Promise.all(dataDirs.map(dataDir => emptyFolder(join(dataDir, 'staging'))))
  return kept.reduce((sum, count) => sum + count, names.length)
}

async function emptyFolder(folder: string): Promise<number> {
  const entries = await readdir(folder).catch(() => [])
  const files = entries.filter(name => STAGED.test(name))
  await Promise.all(files.map(name => rm(join(folder, name), { force: true })))
  return files.length
}

function stored({ names }: Pictures): (readonly [path: string, name: string])[] {
  return USERS.flatMap(userId => names.map(name => [`${userId}/${name}`, name] as const))
}
