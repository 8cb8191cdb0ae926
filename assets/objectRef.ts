import { isObjectPath } from '../jobs/objectPaths.ts'
import type { ObjectRef } from './store.ts'

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** Whether bucket and path name one object and nothing else. */
export function isObjectRef({ bucket, path }: ObjectRef): boolean {
  return BUCKET.test(bucket) && isObjectPath(path)
}
