import { createHash } from 'node:crypto'
import { canonicalJson } from '../jobs/canonicalJson.ts'
import type { RenderJob } from './protocol.ts'

/**
 * What a render is known by: sha256 in hex of everything that its pictures depend on. Of references that is what they are
 * and what is in them, in their order; how long the job should take is left out.
 */
export function planHash(
  job: Omit<RenderJob, 'references'>,
  references: readonly { role: RenderJob['references'][number]['role']; sha256: string }[],
): string {
  const { expectedSeconds: _, ...drawn } = job
  return createHash('sha256')
    .update(canonicalJson({ ...drawn, references }))
    .digest('hex')
}
