import { constants } from 'node:fs'
import { access, mkdir, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { JobFailure } from '../jobs/failures.ts'
import { copyAtomically, errorCode, isMissing } from './atomicFile.ts'
import { leadsThroughLink } from './linkedPath.ts'
import { isObjectRef } from './objectRef.ts'
import { removeOldScratch } from './oldScratch.ts'
import type { ObjectRef, ObjectStore, StoredObject } from './store.ts'
import { NEVER_EXPIRES, signObject } from './urlSignature.ts'

export interface DirectoryStoreOptions {
  /** Holds `<bucket>/<path>`. A bucket may be a link to another disk, so unfinished writes lie in its own `.scratch`. */
  directory: string
  /** Where the store server answers, without a slash at its end. */
  url: string
  signingKey: string
}

const SCRATCH = '.scratch'

/** A store in a directory, for one machine or a shared file system; `createStoreServer` serves its signed URLs. */
export function createDirectoryStore({ directory, url, signingKey }: DirectoryStoreOptions): ObjectStore {
  function urlUntil(ref: ObjectRef, expires: number): string {
    objectFile(directory, ref)
    const objectPath = `${ref.bucket}/${ref.path}`
    const encoded = objectPath.split('/').map(encodeURIComponent).join('/')
    return `${url}/${encoded}?expires=${expires}&signature=${signObject(signingKey, objectPath, expires)}`
  }

  return {
    async putFile(ref, file, { signal }) {
      const target = objectFile(directory, ref)
      signal?.throwIfAborted()
      for (const folder of [dirname(ref.path), SCRATCH]) await refuseLink(directory, ref.bucket, folder)
      const scratch = join(directory, ref.bucket, SCRATCH)
      // Before the write, which may need the room. What cannot be removed is in nobody's way.
      await removeOldScratch(scratch).catch(() => {})
      await copyAtomically(file, target, scratch)
    },

    async getFile(ref, file, { maxBytes, signal }) {
      const source = objectFile(directory, ref)
      if (await leadsThroughLink(join(directory, ref.bucket), ref.path)) throw noObject(ref)
      const bytes = await sizeOf(source, ref)
      if (bytes > maxBytes) throw new JobFailure('reference_too_large', tooLarge(ref, bytes, maxBytes))
      signal?.throwIfAborted()
      await copyAtomically(source, file, dirname(file))
      return bytes
    },

    async remove(bucket, paths) {
      for (const path of paths) {
        const file = objectFile(directory, { bucket, path })
        await refuseLink(directory, bucket, dirname(path))
        await rm(file, { force: true })
        if (path.includes('/')) await rmdir(dirname(file)).catch(() => {}) // its folder, if that was the last in it
      }
    },

    async signedUrl(ref, expiresInSeconds) {
      return urlUntil(ref, Math.floor(Date.now() / 1000 + expiresInSeconds))
    },

    publicUrl: ref => urlUntil(ref, NEVER_EXPIRES),

    async list(bucket) {
      const folder = dirname(objectFile(directory, { bucket, path: 'x' }))
      return await listFolder(folder)
    },

    async check() {
      await mkdir(directory, { recursive: true })
      await access(directory, constants.W_OK)
    },
  }
}

function objectFile(directory: string, ref: ObjectRef): string {
  if (!isObjectRef(ref) || ref.path.startsWith(`${SCRATCH}/`))
    throw new JobFailure('store_refused', `not an object path: ${ref.bucket}/${ref.path}`)
  return join(directory, ref.bucket, ref.path)
}

async function sizeOf(file: string, ref: ObjectRef): Promise<number> {
  try {
    const found = await stat(file)
    if (found.isFile()) return found.size
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  throw noObject(ref)
}

function noObject({ bucket, path }: ObjectRef): JobFailure {
  return new JobFailure('reference_not_found', `no object ${bucket}/${path}`)
}

/** An operator may link the store's folder, or a bucket's, to another disk; a link below would have us write anywhere. */
async function refuseLink(directory: string, bucket: string, folder: string): Promise<void> {
  if (folder !== '.' && (await leadsThroughLink(join(directory, bucket), folder)))
    throw new JobFailure('store_refused', `${bucket}/${folder} is a link, or lies below one`)
}

async function listFolder(folder: string): Promise<StoredObject[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(error => {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  })
  const files = entries.filter(entry => entry.isFile())
  return await Promise.all(
    files.map(async ({ name }) => {
      const { size, mtimeMs } = await stat(join(folder, name))
      return { path: name, bytes: size, writtenAtMs: mtimeMs }
    }),
  )
}

function tooLarge(ref: ObjectRef, bytes: number, maxBytes: number): string {
  return `${ref.bucket}/${ref.path} has ${bytes} bytes, ${maxBytes} are allowed`
}
