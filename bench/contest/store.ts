import type { IncomingMessage } from 'node:http'
import { jobTypeNames } from '../../jobs/jobTypes.ts'
import { type StorageStandIn, startSupabaseStorage } from '../../test/standins/supabaseStorage.ts'
import { COSTS } from './costs.ts'
import { STORE_KEY } from './storeKey.ts'

export const REFERENCE_BUCKET = 'reference_images'

/** The stand-in for Supabase's storage, which takes as long to answer as a hosted one. */
export function startStore(scale: number): Promise<StorageStandIn> {
  const names = [...jobTypeNames, REFERENCE_BUCKET]
  return startSupabaseStorage({
    buckets: Object.fromEntries(names.map(name => [name, {}])),
    key: STORE_KEY,
    latencyMs: request => secondsOf(request) * scale * 1000,
  })
}

/** By what is uploaded, as if it had the size of a real file; the bench's own are small. */
function secondsOf({ method, headers }: IncomingMessage): number {
  if (method !== 'POST' && method !== 'PUT') return COSTS.storeSeconds
  const type = headers['content-type'] ?? ''
  const known = Object.entries(COSTS.uploadSeconds).find(([name]) => name === type)
  return known?.[1] ?? COSTS.storeSeconds
}
