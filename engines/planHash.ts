import { createHash } from 'node:crypto'
import { canonicalJson } from '../jobs/canonicalJson.ts'
import type { RenderJob } from './protocol.ts'

/**
 * What a render is known by: sha256 in hex of everything that its pictures depend on. `referenceHashes` are the sha256 of
 * the reference files, in the order of `job.references`; where these lie, and how long the job should take, is left out.
 */
export function planHash(job: RenderJob, referenceHashes: readonly string[]): string {
  if (referenceHashes.length !== job.references.length) throw new Error('A hash for each reference, please.')
  const { expectedSeconds: _, ...drawn } = job
  const references = job.references.map(({ role }, index) => ({ role, sha256: referenceHashes[index] }))
  return createHash('sha256')
    .update(canonicalJson({ ...drawn, references }))
    .digest('hex')
}
