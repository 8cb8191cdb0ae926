/**
 * An object inside a bucket. An asset lies at `<user>/<job>/<file>`, made of UUIDs and indices only, a staged file at its
 * sha256, and a reference where its user has put it: `parseReferencePath` checks that path.
 */
export interface ObjectRef {
  bucket: string
  path: string
}

export interface StoredObject {
  path: string
  bytes: number
  /** Last written, in ms since 1970. */
  writtenAtMs: number
}

export interface PutOptions {
  contentType: string
  /** Aborts the transfer; the object is then either absent or whole. */
  signal?: AbortSignal
}

/** Where finished assets live. Every failure is a `JobFailure`: `store_refused` or `store_unavailable`, `reference_not_found` on reads. */
export interface ObjectStore {
  /** Writes a local file, replacing what is there: a retried upload overwrites itself. */
  putFile(ref: ObjectRef, file: string, options: PutOptions): Promise<void>
  /** Downloads into a local file, and gives its size; refuses more than `maxBytes` with `reference_too_large`. */
  getFile(ref: ObjectRef, file: string, options: { maxBytes: number; signal?: AbortSignal }): Promise<number>
  /** Removes objects; missing ones are no error. */
  remove(bucket: string, paths: string[]): Promise<void>
  /** A URL that a browser can open until it expires. */
  signedUrl(ref: ObjectRef, expiresInSeconds: number): Promise<string>
  /** A URL without an end, for buckets that the installation has made public. */
  publicUrl(ref: ObjectRef): string
  /** The objects directly inside a bucket, not in its folders; a bucket that does not exist is empty. */
  list(bucket: string): Promise<StoredObject[]>
  /** Throws when the store cannot be used: the readiness check. */
  check(): Promise<void>
}
