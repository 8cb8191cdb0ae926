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

/** Supabase's key characters, less those that a URL gives another meaning (`?`, `#`, `%`, `\`). */
const SEGMENT = /^[\w!\-.*'() &$@=;:+,]{1,255}$/
const LONGEST_PATH = 900

/**
 * Whether a path in a bucket names one object and nothing else: no empty, `.` or `..` segment, nothing that a URL or a file
 * system would read in another way.
 */
export function isObjectPath(path: string): boolean {
  const segments = path.split('/')
  return (
    path.length <= LONGEST_PATH &&
    segments.every(segment => SEGMENT.test(segment) && segment !== '.' && segment !== '..')
  )
}
