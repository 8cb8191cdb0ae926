import { STORE_KEY } from './storeKey.ts'
import type { Work } from './work.ts'

/** Uploads a file, replacing what is there; gives its path within the bucket. Throws where the store refuses. */
export async function uploadObject(options: {
  storeUrl: string
  bucket: string
  path: string
  bytes: Buffer
}): Promise<string> {
  const { storeUrl, bucket, path, bytes } = options
  const type = path.endsWith('.mp4') ? 'video/mp4' : 'image/png'
  const response = await fetch(`${storeUrl}/storage/v1/object/${bucket}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${STORE_KEY}`, 'content-type': type, 'x-upsert': 'true' },
    body: new Uint8Array(bytes),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(`upload of ${bucket}/${path}: ${response.status} ${answer}`)
  return path
}

/** Fetches an object `bucket/path`. Throws where there is none. */
export async function downloadObject(storeUrl: string, object: string): Promise<Buffer> {
  const headers = { authorization: `Bearer ${STORE_KEY}` }
  const response = await fetch(`${storeUrl}/storage/v1/object/${object}`, { headers })
  if (!response.ok) throw new Error(`download of ${object}: ${response.status} ${await response.text()}`)
  return Buffer.from(await response.arrayBuffer())
}

export type Callback =
  | { status: 'processing' }
  | { status: 'completed'; assets: string[]; generationSeconds: number }
  | { status: 'failed'; errorMessage: string }

/** Tells the app about a job, in the earlier system's shape. Throws where it does not accept that. */
export async function postCallback(receiverUrl: string, work: Work, callback: Callback): Promise<void> {
  const response = await fetch(receiverUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${STORE_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(bodyOf(work, callback)),
  })
  const answer = await response.text()
  if (!response.ok) throw new Error(`callback of ${work.jobId}: ${response.status} ${answer}`)
}

function bodyOf({ jobId, seed }: Work, callback: Callback): Record<string, unknown> {
  const common = { job_id: jobId, status: callback.status }
  switch (callback.status) {
    case 'processing':
      return common
    case 'failed':
      return { ...common, error_message: callback.errorMessage }
    case 'completed': {
      const { assets, generationSeconds } = callback
      const metadata = { seed, generation_time: generationSeconds, num_images: assets.length }
      return { ...common, assets, metadata }
    }
  }
}

/** Where an object of a job lies in its bucket. */
export function objectPath({ userId, jobId, frames }: Work, index: number): string {
  return `${userId}/${jobId}/${index}.${frames > 1 ? 'mp4' : 'png'}`
}
