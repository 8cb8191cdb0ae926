/** What the paths of a job's files depend on: nothing that changes between attempts, so that a retry overwrites itself. */
export interface AssetOwner {
  userId: string
  jobId: string
  extension: 'png' | 'mp4'
}

/** Object path of one asset inside its bucket: `<user>/<job>/<index>.<ext>`. */
export function assetPath({ userId, jobId, extension }: AssetOwner, index: number): string {
  return `${userId}/${jobId}/${index}.${extension}`
}

/** Object path of an asset's WebP thumbnail, beside it. */
export function thumbnailPath({ userId, jobId }: AssetOwner, index: number): string {
  return `${userId}/${jobId}/${index}.thumb.webp`
}

/** Every object that a job can leave in its bucket: what to remove when it does not complete. */
export function allObjectPaths(job: AssetOwner & { images: number }): string[] {
  return Array.from({ length: job.images }, (_, index) => [
    assetPath(job, index),
    thumbnailPath(job, index),
  ]).flat()
}
