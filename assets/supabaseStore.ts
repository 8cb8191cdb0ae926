import { readFile, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { createClient } from '@supabase/supabase-js'
import { JobFailure } from '../jobs/failures.ts'
import { isObjectRef } from './objectRef.ts'
import { CHUNK_BYTES, uploadResumably } from './resumableUpload.ts'
import { saveStream } from './savedStream.ts'
import type { ObjectRef, ObjectStore, StoredObject } from './store.ts'
import { isNotThere, refusingFetch, supabaseFailure } from './supabaseFailure.ts'

export interface SupabaseStoreOptions {
  /** The project's URL, without a slash at its end. */
  url: string
  /** The service role key. */
  key: string
  /** Limit of one operation, and of each 6 MiB of a large upload: a storage that answers early can leave a client hanging. */
  timeoutMs: number
}

type Storage = ReturnType<typeof createClient>['storage']
type Bucket = ReturnType<Storage['from']>
interface Answer<T> {
  data: T | null
  error: unknown
}

const PAGE = 1000

/** The store of a Supabase project, with the retry table that its storage needs. */
export function createSupabaseStore({ url, key, timeoutMs }: SupabaseStoreOptions): ObjectStore {
  /** A client costs 0.1 ms, and one per operation is the SDK's only way to give every request a signal. */
  function storageWith(signal: AbortSignal): Storage {
    const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }
    return createClient(url, key, { auth, global: { fetch: refusingFetch(signal, key) } }).storage
  }

  /** Runs one operation under its time limit. Its failure is the storage's own, or the caller's cancellation. */
  async function within<T>(
    operation: string,
    work: (signal: AbortSignal) => Promise<T>,
    { caller, limitMs = timeoutMs }: { caller?: AbortSignal | undefined; limitMs?: number } = {},
  ): Promise<T> {
    const limit = AbortSignal.timeout(limitMs)
    try {
      return await work(caller ? AbortSignal.any([caller, limit]) : limit)
    } catch (error) {
      if (caller?.aborted) throw caller.reason
      if (error instanceof JobFailure) throw error
      if (limit.aborted) {
        throw new JobFailure('store_unavailable', `${operation}: not done within ${limitMs / 1000} s`, {
          cause: error,
        })
      }
      throw supabaseFailure(operation, error)
    }
  }

  const onBucket = <T>(operation: string, bucket: string, ask: (bucket: Bucket) => PromiseLike<Answer<T>>) =>
    within(operation, async signal => dataOf(await ask(storageWith(signal).from(bucket))))

  return {
    async putFile(ref, file, { contentType, signal: caller }) {
      requireObjectRef(ref)
      const operation = `upload of ${ref.bucket}/${ref.path}`
      const { size } = await stat(file)
      if (size > CHUNK_BYTES) {
        const limitMs = timeoutMs * Math.ceil(size / CHUNK_BYTES)
        const upload = (signal: AbortSignal) => uploadResumably({ url, key, ref, file, contentType, signal })
        return await within(operation, upload, { caller, limitMs })
      }
      const body = await readFile(file)
      const options = { contentType, upsert: true }
      await within(
        operation,
        async signal => dataOf(await storageWith(signal).from(ref.bucket).upload(ref.path, body, options)),
        { caller },
      )
    },

    async getFile(ref, file, { maxBytes, signal: caller }) {
      requireObjectRef(ref)
      const name = `${ref.bucket}/${ref.path}`
      const tooLarge = () => new JobFailure('reference_too_large', `${name} has more than ${maxBytes} bytes`)
      const download = async (signal: AbortSignal) => {
        const answer = await storageWith(signal).from(ref.bucket).download(ref.path).asStream()
        if (isNotThere(answer.error)) throw new JobFailure('reference_not_found', `no object ${name}`)
        const body = Readable.fromWeb(dataOf<ReadableStream>(answer))
        return await saveStream(body, file, { maxBytes, tooLarge, signal })
      }
      const { bytes } = await within(`download of ${name}`, download, { caller })
      return bytes
    },

    async remove(bucket, paths) {
      for (let start = 0; start < paths.length; start += PAGE) {
        await onBucket(`removal from ${bucket}`, bucket, async objects => {
          const answer = await objects.remove(paths.slice(start, start + PAGE))
          return isNotThere(answer.error) ? { data: [], error: null } : answer
        })
      }
    },

    async signedUrl(ref, expiresInSeconds) {
      requireObjectRef(ref)
      const sign = (objects: Bucket) => objects.createSignedUrl(ref.path, expiresInSeconds)
      return (await onBucket(`signing of ${ref.bucket}/${ref.path}`, ref.bucket, sign)).signedUrl
    },

    publicUrl(ref) {
      requireObjectRef(ref)
      return storageWith(AbortSignal.abort()).from(ref.bucket).getPublicUrl(ref.path).data.publicUrl
    },

    async list(bucket) {
      const found: StoredObject[] = []
      for (let offset = 0; ; offset += PAGE) {
        const page = await onBucket(`list of ${bucket}`, bucket, objects =>
          objects.list('', { limit: PAGE, offset, sortBy: { column: 'name', order: 'asc' } }),
        )
        for (const { name, id, updated_at, metadata } of page) {
          if (id === null) continue // a folder
          found.push({
            path: name,
            bytes: Number(metadata?.size ?? 0),
            writtenAtMs: Date.parse(updated_at ?? '') || 0,
          })
        }
        if (page.length < PAGE) return found
      }
    },

    async check() {
      await within('check of the storage', async signal => dataOf(await storageWith(signal).listBuckets()))
    },
  }
}

function dataOf<T>({ data, error }: Answer<T>): T {
  if (error !== null) throw error
  if (data === null) throw new Error('the storage gave an empty answer')
  return data
}

function requireObjectRef(ref: ObjectRef): void {
  if (!isObjectRef(ref))
    throw new JobFailure('store_refused', `not an object path: ${ref.bucket}/${ref.path}`)
}
