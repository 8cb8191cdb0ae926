import { jobTypeNames } from './jobTypes.ts'
import { isObjectPath } from './objectPaths.ts'

/** Buckets that hold what users bring themselves, beside the ten that hold what jobs made. */
const USER_BUCKETS = ['reference_images', 'workspace_assets']
const LONGEST = 8192

export interface SourceOwner {
  userId: string
  outputBuckets: readonly string[]
}

/** Whether a bucket may hold the output of a job. */
export function isOutputBucket(bucket: string, outputBuckets: readonly string[]): boolean {
  return outputBuckets.includes(bucket) || jobTypeNames.some(type => type === bucket)
}

/** The buckets that a reference may lie in: the app's two for uploads, and those that jobs write to. */
export function referenceBuckets(outputBuckets: readonly string[]): readonly string[] {
  return [...USER_BUCKETS, ...jobTypeNames, ...outputBuckets]
}

/** Whether a reference's source is a URL, be it one that is refused later; anything else is an object path. */
export function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(source)
}

/**
 * Whether a reference may be asked for at all: an http(s) URL, or an object path `bucket/user/…` in an allowed bucket under
 * the job's own user. Which hosts a URL may lead to is decided when it is fetched.
 */
export function isReferenceSource(source: string, owner: SourceOwner): boolean {
  if (source.length > LONGEST || !source.isWellFormed() || /[\p{Cc}\\]|[^\S ]/u.test(source)) return false
  return isUrl(source) ? isHttpUrl(source) : isOwnObject(source, owner)
}

function isHttpUrl(source: string): boolean {
  const url = URL.canParse(source) ? new URL(source) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '' && /^https?:\/\//i.test(source)
}

function isOwnObject(source: string, { userId, outputBuckets }: SourceOwner): boolean {
  const [bucket = '', ...path] = source.split('/')
  const known = referenceBuckets(outputBuckets).includes(bucket)
  return known && path[0]?.toLowerCase() === userId && path.length > 1 && isObjectPath(path.join('/'))
}
