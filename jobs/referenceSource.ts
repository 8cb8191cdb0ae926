import { jobTypeNames } from './jobTypes.ts'

/** Buckets that hold what users bring themselves, beside the ten that hold what jobs made. */
const USER_BUCKETS = ['reference_images', 'workspace_assets']
const LONGEST = 8192
/** What Supabase takes in a key, less what a URL reads in another way. */
const SEGMENT = /^[\w!\-.*'() &$@=;:+,]{1,255}$/

export interface SourceOwner {
  userId: string
  outputBuckets: readonly string[]
}

/** Whether a bucket may hold the output of a job. */
export function isOutputBucket(bucket: string, outputBuckets: readonly string[]): boolean {
  return outputBuckets.includes(bucket) || jobTypeNames.some(type => type === bucket)
}

/**
 * Whether a reference may be asked for at all: an http(s) URL, or an object path `bucket/user/…` in an allowed bucket under
 * the job's own user. Which hosts a URL may lead to is decided when it is fetched.
 */
export function isReferenceSource(source: string, owner: SourceOwner): boolean {
  if (source.length > LONGEST || !source.isWellFormed() || /[\p{Cc}\\]|[^\S ]/u.test(source)) return false
  return /^[a-z][a-z0-9+.-]*:/i.test(source) ? isHttpUrl(source) : isOwnObject(source, owner)
}

function isHttpUrl(source: string): boolean {
  const url = URL.canParse(source) ? new URL(source) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '' && /^https?:\/\//i.test(source)
}

function isOwnObject(source: string, { userId, outputBuckets }: SourceOwner): boolean {
  const [bucket = '', user = '', ...rest] = source.split('/')
  const known = USER_BUCKETS.includes(bucket) || isOutputBucket(bucket, outputBuckets)
  return known && user.toLowerCase() === userId && rest.length > 0 && rest.every(isPlainSegment)
}

function isPlainSegment(segment: string): boolean {
  return SEGMENT.test(segment) && segment !== '.' && segment !== '..'
}
