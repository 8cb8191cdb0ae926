import { Context } from '@temporalio/activity'
import type { RenderStore } from '../assets/renders.ts'
import { statIfThere } from '../assets/statIfThere.ts'
import type { ObjectRef, ObjectStore } from '../assets/store.ts'
import { JobFailure } from '../jobs/failures.ts'
import { assetPath, thumbnailPath } from '../jobs/objectPaths.ts'
import type { RenderedFile, RenderReceipt, UploadedAsset } from '../jobs/receipt.ts'
import { withHeartbeats } from './heartbeats.ts'
import { inParallel } from './inParallel.ts'

/** More in parallel adds little where a machine's own line is the limit, and holds more of a machine that renders. */
const UPLOADS_AT_ONCE = 3

export interface UploadAssetsDeps {
  store: Pick<ObjectStore, 'putFile' | 'signedUrl' | 'publicUrl'>
  renders: Pick<RenderStore, 'file' | 'uploaded' | 'markUploaded' | 'discard'>
  /** What an asset's `url` holds in callbacks. */
  assetUrls: 'path' | 'signed' | 'public'
  signedUrlSeconds: number
}

export interface UploadAssetsInput {
  receipt: RenderReceipt
  userId: string
  bucket: string
}

/**
 * Uploads the files of a receipt, which lie on this host, and their thumbnails. Once all are confirmed that is recorded
 * and the bytes go. A repeated call gives what was recorded; a retry goes on where the last attempt ended.
 * Throws `render_lost` when files are gone.
 */
export function createUploadAssets(deps: UploadAssetsDeps) {
  async function urlOf(ref: ObjectRef): Promise<string | null> {
    switch (deps.assetUrls) {
      case 'path':
        return null
      case 'signed':
        return await deps.store.signedUrl(ref, deps.signedUrlSeconds)
      case 'public':
        return deps.store.publicUrl(ref)
    }
  }

  async function put(input: UploadAssetsInput, rendered: RenderedFile, signal: AbortSignal): Promise<void> {
    const { bucket, receipt } = input
    const file = deps.renders.file(receipt, rendered.file)
    const paths = pathsOf(input, rendered)
    const { contentType } = rendered
    const asset = () => deps.store.putFile({ bucket, path: paths.path }, file, { contentType, signal })
    const thumbnail = () =>
      deps.store.putFile(
        { bucket, path: paths.thumbnailPath },
        deps.renders.file(receipt, rendered.thumbnail),
        { contentType: 'image/webp', signal },
      )
    // Waits for both, also when one fails: an upload that goes on behind a failed attempt would outlive a removal.
    await inParallel([asset, thumbnail], 2, upload => upload())
  }

  async function assetOf(
    input: UploadAssetsInput,
    { index, ...rendered }: RenderedFile,
  ): Promise<UploadedAsset> {
    const { bucket } = input
    const paths = pathsOf(input, { index, ...rendered })
    const url = await urlOf({ bucket, path: paths.path })
    const thumbnailUrl = await urlOf({ bucket, path: paths.thumbnailPath })
    return { index, ...paths, url, thumbnailUrl, bytes: rendered.bytes }
  }

  /** Without its files a receipt only stands in the way of the render that makes them again. */
  async function requireFiles(receipt: RenderReceipt): Promise<void> {
    for (const { file, thumbnail, bytes } of receipt.files) {
      const path = deps.renders.file(receipt, file)
      const found = await statIfThere(path)
      const small = await statIfThere(deps.renders.file(receipt, thumbnail))
      if (found?.size === bytes && small !== null) continue
      await deps.renders.discard(receipt.jobId)
      throw new JobFailure('render_lost', `${path} is ${found ? 'not whole' : 'gone'}`)
    }
  }

  async function uploadAll(input: UploadAssetsInput, run: string): Promise<UploadedAsset[]> {
    const { receipt } = input
    const files = receipt.files.toSorted((a, b) => a.index - b.index)
    await requireFiles(receipt)
    return await withHeartbeats(async ({ signal, reported, report }) => {
      const done = doneBefore(reported)
      const assets = await inParallel(files, UPLOADS_AT_ONCE, async rendered => {
        signal.throwIfAborted()
        if (!done.has(rendered.index)) await put(input, rendered, signal)
        done.add(rendered.index)
        // The last one is told by the result.
        if (done.size < files.length) report({ done: [...done] })
        return await assetOf(input, rendered)
      })
      await deps.renders.markUploaded(receipt, assets, run)
      return assets
    })
  }

  return async function uploadAssets(input: UploadAssetsInput): Promise<UploadedAsset[]> {
    const run = Context.current().info.workflowExecution?.runId ?? ''
    return (await deps.renders.uploaded(input.receipt, run)) ?? (await uploadAll(input, run))
  }
}

function pathsOf({ userId, receipt }: UploadAssetsInput, { index, contentType }: RenderedFile) {
  const extension = contentType === 'video/mp4' ? ('mp4' as const) : ('png' as const)
  const job = { userId, jobId: receipt.jobId, extension }
  return { path: assetPath(job, index), thumbnailPath: thumbnailPath(job, index) }
}

/** Indices that an earlier attempt reported as uploaded. */
function doneBefore(reported: unknown): Set<number> {
  if (typeof reported !== 'object' || reported === null || !('done' in reported)) return new Set()
  const { done } = reported
  return new Set(Array.isArray(done) ? done.filter(index => typeof index === 'number') : [])
}
