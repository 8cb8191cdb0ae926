import type { ObjectRef } from './store.ts'

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** Supabase's key characters, less those that a URL gives another meaning (`?`, `#`, `%`, `\`). */
const SEGMENT = /^[\w!\-.*'() &$@=;:+,]{1,255}$/

/**
 * Whether bucket and path name one object and nothing else: no empty, `.` or `..` segment, nothing that a URL or a file
 * system would read in another way.
 */
export function isObjectRef({ bucket, path }: ObjectRef): boolean {
  const segments = path.split('/')
  return BUCKET.test(bucket) && path.length <= 900 && segments.every(isPlainSegment)
}

function isPlainSegment(segment: string): boolean {
  return SEGMENT.test(segment) && segment !== '.' && segment !== '..'
}
