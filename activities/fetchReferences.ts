import { join } from 'node:path'
import { inspectReference } from '../assets/decodeReference.ts'
import type { GuardedFetch } from '../assets/guardedFetch.ts'
import { parseReferencePath } from '../assets/referencePath.ts'
import type { Staging } from '../assets/staging.ts'
import type { ObjectStore } from '../assets/store.ts'
import { JobFailure } from '../jobs/failures.ts'
import type { ReferenceRole, ReferenceSource } from '../jobs/plan.ts'
import type { StagedFile, StagedReference } from '../jobs/receipt.ts'
import { isUrl } from '../jobs/referenceSource.ts'
import { withHeartbeats } from './heartbeats.ts'
import { inParallel } from './inParallel.ts'

export interface FetchReferencesDeps {
  staging: Pick<Staging, 'put' | 'withScratch'>
  store: Pick<ObjectStore, 'getFile'>
  fetchUrl: GuardedFetch
  /** Where object paths may point: `referenceBuckets`. */
  buckets: readonly string[]
  limits: { maxBytes: number; maxPixels: number }
}

export interface FetchReferencesInput {
  userId: string
  sources: ReferenceSource[]
}

/** Brings references, by URL or by object path of the job's own user, into staging as they are. Fails with a `reference_*` code. */
export function createFetchReferences(deps: FetchReferencesDeps) {
  async function download(source: string, userId: string, file: string, signal: AbortSignal): Promise<void> {
    if (isUrl(source)) {
      await deps.fetchUrl(source, file, { signal })
      return
    }
    const ref = parseReferencePath(source, { userId, buckets: deps.buckets })
    await deps.store.getFile(ref, file, { maxBytes: deps.limits.maxBytes, signal })
  }

  async function stage(source: string, userId: string, signal: AbortSignal): Promise<StagedFile> {
    return await deps.staging.withScratch(async scratch => {
      const file = join(scratch, 'reference')
      await download(source, userId, file, signal)
      return await deps.staging.put(file, await inspectReference(file, deps.limits))
    })
  }

  return async function fetchReferences({
    userId,
    sources,
  }: FetchReferencesInput): Promise<StagedReference[]> {
    return await withHeartbeats(({ signal }) =>
      inParallel(sources, 2, async ({ role, source }) => {
        const file = await stage(source, userId, signal).catch(error => {
          throw withRole(error, role)
        })
        return { role, file }
      }),
    )
  }
}

/** A job may have two references; its failure tells which one it was. */
function withRole(error: unknown, role: ReferenceRole): unknown {
  if (!(error instanceof JobFailure)) return error
  return new JobFailure(error.code, `${role} reference: ${error.message}`, { cause: error })
}
