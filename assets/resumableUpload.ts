import { readFile } from 'node:fs/promises'
import { DetailedError, Upload } from 'tus-js-client'
import type { ObjectRef } from './store.ts'
import { StorageRefusal } from './supabaseFailure.ts'

/** What the storage asks for: every chunk but the last has exactly this size. */
export const CHUNK_BYTES = 6 * 2 ** 20
const RETRY_DELAYS_MS = [200, 1000, 3000]

export interface ResumableUpload {
  /** The project's URL. */
  url: string
  key: string
  ref: ObjectRef
  file: string
  contentType: string
  signal: AbortSignal
}

/**
 * Uploads in chunks (TUS), going on after a lost connection where the server stopped, and replacing what is there. The file
 * is read whole: the streams that tus-js-client makes of one stay open when a request fails, and throw where nobody hears.
 */
export async function uploadResumably(options: ResumableUpload): Promise<void> {
  const { url, key, ref, file, contentType, signal } = options
  const content = await readFile(file, { signal })
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const upload = new Upload(content, {
      endpoint: `${url}/storage/v1/upload/resumable`,
      headers: { authorization: `Bearer ${key}`, apikey: key, 'x-upsert': 'true' },
      metadata: { bucketName: ref.bucket, objectName: ref.path, contentType, cacheControl: '3600' },
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_DELAYS_MS,
      uploadDataDuringCreation: true,
      storeFingerprintForResuming: false,
      onSuccess: () => settle(resolve),
      onError: error => settle(() => reject(answerOf(error, key))),
    })
    const onAbort = () => {
      upload.abort().catch(() => {})
      settle(() => reject(signal.reason))
    }
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', onAbort)
      finish()
    }
    signal.addEventListener('abort', onAbort)
    upload.start()
  })
}

function answerOf(error: Error, key: string): Error {
  const response = error instanceof DetailedError ? error.originalResponse : null
  return response === null ? error : new StorageRefusal(response.getStatus(), response.getBody(), key)
}
