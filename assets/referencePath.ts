import { JobFailure } from '../jobs/failures.ts'
import { isObjectRef } from './objectRef.ts'
import type { ObjectRef } from './store.ts'

/**
 * Parses `bucket/user/…`. The store's key passes every rule of the database, so this is the guard: the path must lie in an
 * allowed bucket under the job's own user. Throws `reference_forbidden`.
 */
export function parseReferencePath(
  source: string,
  owner: { userId: string; buckets: readonly string[] },
): ObjectRef {
  const [bucket = '', ...segments] = source.split('/')
  const ref = { bucket, path: segments.join('/') }
  if (!isObjectRef(ref) || segments.length < 2)
    throw forbidden('not a URL and not an object path `bucket/user/…`')
  if (!owner.buckets.includes(bucket)) throw forbidden(`references may not lie in the bucket ${bucket}`)
  if (segments[0]?.toLowerCase() !== owner.userId.toLowerCase())
    throw forbidden('the object belongs to another user')
  return ref
}

function forbidden(message: string): JobFailure {
  return new JobFailure('reference_forbidden', message)
}
