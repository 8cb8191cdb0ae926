import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { PlacedObject } from '../audit/evidence.ts'
import { STORE_KEY } from './storeKey.ts'

/** The harness's own way to the store, past the proxies. */
export interface OwnObjects {
  put(bucket: string, path: string, bytes: Buffer): Promise<void>
  remove(bucket: string, paths: readonly string[]): Promise<void>
  /** Of the objects that lie directly in the bucket. */
  namesIn(bucket: string): Promise<string[]>
  /** What it has put and not removed since. */
  placed(): PlacedObject[]
}

const MOST_NAMES = 100_000
const namesSchema = z.array(z.object({ name: z.string() }))

export function openOwnObjects(storeUrl: string): OwnObjects {
  const placed = new Map<string, PlacedObject>()

  async function ask(
    method: string,
    path: string,
    contentType: string,
    body: string | Uint8Array<ArrayBuffer>,
  ) {
    const response = await fetch(`${storeUrl}/storage/v1/object/${path}`, {
      method,
      headers: { authorization: `Bearer ${STORE_KEY}`, 'content-type': contentType, 'x-upsert': 'true' },
      body,
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`the store refused ${method} ${path}: ${text}`)
    return text
  }
  const askJson = (method: string, path: string, body: unknown) =>
    ask(method, path, 'application/json', JSON.stringify(body))

  return {
    async put(bucket, path, bytes) {
      await ask('POST', `${bucket}/${path}`, 'image/png', new Uint8Array(bytes))
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      placed.set(`${bucket}/${path}`, { bucket, path, sha256 })
    },
    async remove(bucket, paths) {
      await askJson('DELETE', bucket, { prefixes: paths })
      for (const path of paths) placed.delete(`${bucket}/${path}`)
    },
    async namesIn(bucket) {
      const text = await askJson('POST', `list/${bucket}`, { prefix: '', limit: MOST_NAMES })
      return namesSchema.parse(JSON.parse(text)).map(({ name }) => name)
    },
    placed: () => [...placed.values()],
  }
}
