import type { IncomingHttpHeaders } from 'node:http'
import { type Refusal, refusal, type StorageAnswer } from './storageAnswers.ts'

export interface StoredFile {
  bytes: Buffer
  contentType: string
  updatedAt: string
}

export interface BucketRules {
  public?: boolean
  maxBytes?: number
  contentTypes?: string[]
}

export interface StorageState {
  buckets: Map<string, BucketRules>
  /** By `bucket/path`. */
  objects: Map<string, StoredFile>
}

export interface StorageRequest {
  method: string
  /** Below `/storage/v1/`. */
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
}

const STANDARD_UPLOAD_MAX_BYTES = 52_428_800
const KEY = /^[\w/!\-.*'() &$@=;:+,?]+$/

/** Why an object may not be written, or null. */
export function whyNot(
  state: StorageState,
  objectPath: string,
  file: { bytes: number; contentType: string },
): Refusal | null {
  const slash = objectPath.indexOf('/')
  const rules = state.buckets.get(objectPath.slice(0, slash))
  if (rules === undefined) return 'NoSuchBucket'
  if (!KEY.test(objectPath.slice(slash + 1))) return 'InvalidKey'
  if (rules.maxBytes !== undefined && file.bytes > rules.maxBytes) return 'EntityTooLarge'
  if (rules.contentTypes && !rules.contentTypes.includes(file.contentType)) return 'InvalidMimeType'
  return null
}

/** The routes under `/object/` and `/bucket`, for a request whose key was checked. */
export async function answerObjects(state: StorageState, request: StorageRequest): Promise<StorageAnswer> {
  const { method, path } = request
  if (method === 'GET' && path === 'bucket')
    return { status: 200, body: [...state.buckets.keys()].map(bucketRow) }
  const [area, action, ...rest] = path.split('/')
  if (area !== 'object' || action === undefined) return refusal('InvalidRequest')
  if (method === 'POST' && action === 'list') return list(state, rest.join('/'), json(request.body))
  if (method === 'POST' && action === 'sign') return sign(state, rest.join('/'))
  const objectPath = [action, ...rest].join('/')
  if (method === 'POST' || method === 'PUT') return await upload(state, objectPath, request)
  if (method === 'GET') return download(state, objectPath)
  if (method === 'DELETE') return remove(state, objectPath, json(request.body))
  return refusal('InvalidRequest')
}

async function upload(
  state: StorageState,
  objectPath: string,
  request: StorageRequest,
): Promise<StorageAnswer> {
  const file = await uploadedFile(request)
  if (file.bytes.length > STANDARD_UPLOAD_MAX_BYTES) return refusal('EntityTooLarge')
  const problem = whyNot(state, objectPath, { bytes: file.bytes.length, contentType: file.contentType })
  if (problem !== null) return refusal(problem)
  const upsert = request.method === 'PUT' || request.headers['x-upsert'] === 'true'
  if (!upsert && state.objects.has(objectPath)) return refusal('KeyAlreadyExists')
  state.objects.set(objectPath, { ...file, updatedAt: new Date().toISOString() })
  return { status: 200, body: { Key: objectPath, Id: objectPath } }
}

/** The SDK sends a Blob as multipart/form-data, anything else as it is. */
async function uploadedFile({
  headers,
  body,
}: StorageRequest): Promise<{ bytes: Buffer; contentType: string }> {
  const contentType = headers['content-type'] ?? 'application/octet-stream'
  if (!contentType.startsWith('multipart/form-data')) return { bytes: body, contentType }
  const form = await new Response(new Uint8Array(body), {
    headers: { 'content-type': contentType },
  }).formData()
  const part = form.get('')
  if (!(part instanceof Blob)) throw new Error('the form holds no file')
  return { bytes: Buffer.from(await part.arrayBuffer()), contentType: part.type }
}

function download(state: StorageState, objectPath: string): StorageAnswer {
  const slash = objectPath.indexOf('/')
  if (!state.buckets.has(objectPath.slice(0, slash))) return refusal('NoSuchBucket')
  const file = state.objects.get(objectPath)
  if (file === undefined) return refusal('NoSuchKey')
  return { status: 200, body: file.bytes, headers: { 'content-type': file.contentType } }
}

function sign(state: StorageState, objectPath: string): StorageAnswer {
  if (!state.objects.has(objectPath)) return refusal('NoSuchKey')
  return { status: 200, body: { signedURL: `/object/sign/${objectPath}?token=signed-by-the-stand-in` } }
}

function remove(state: StorageState, bucket: string, body: Record<string, unknown>): StorageAnswer {
  if (!state.buckets.has(bucket)) return refusal('NoSuchBucket')
  const prefixes = Array.isArray(body.prefixes) ? body.prefixes.map(String) : []
  const removed = prefixes.filter(path => state.objects.delete(`${bucket}/${path}`))
  return { status: 200, body: removed.map(name => ({ name, bucket_id: bucket })) }
}

/** Objects and folders directly under the bucket, by name; a bucket that does not exist is answered with none. */
function list(state: StorageState, bucket: string, body: Record<string, unknown>): StorageAnswer {
  const rows = new Map<string, unknown>()
  for (const [objectPath, file] of state.objects) {
    if (!objectPath.startsWith(`${bucket}/`)) continue
    const { bytes, updatedAt, contentType } = file
    const [name = '', ...deeper] = objectPath.slice(bucket.length + 1).split('/')
    const metadata = { size: bytes.length, mimetype: contentType }
    rows.set(
      name,
      deeper.length > 0
        ? { name, id: null, updated_at: null, metadata: null }
        : { name, id: name, updated_at: updatedAt, metadata },
    )
  }
  const offset = Number(body.offset ?? 0)
  const page = [...rows.keys()].sort().slice(offset, offset + Number(body.limit ?? 100))
  return { status: 200, body: page.map(name => rows.get(name)) }
}

function bucketRow(name: string) {
  return { id: name, name, public: false }
}

function json(body: Buffer): Record<string, unknown> {
  return body.length === 0 ? {} : JSON.parse(body.toString('utf8'))
}
