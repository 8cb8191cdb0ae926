import { nowMs } from '../clock.ts'
import type { World } from '../contract.ts'
import { downloadObject, objectPath, postCallback, uploadObject } from '../deliver.ts'
import { type Work, workOf } from '../work.ts'

/** Renders a job; gives its files' bytes. */
export type Generate = (work: Work) => Promise<Buffer[]>

/**
 * A job from its text to its callback, in series, as its description has it: retrieval, references, generation, upload of
 * each asset, callback. Its programs use the references that it hands them, as the text means it, so that all do the same
 * work; the real WAN program ignored them.
 */
export function createJobRunner({ world, generate }: { world: World; generate: Generate }) {
  const { storeUrl, receiverUrl } = world

  async function complete(work: Work): Promise<void> {
    for (const { source } of work.sources) await downloadObject(storeUrl, source)
    const startedMs = nowMs()
    const files = await generate(work)
    const generationSeconds = (nowMs() - startedMs) / 1000
    const assets: string[] = []
    for (const [index, bytes] of files.entries()) {
      const path = objectPath(work, index)
      assets.push(await uploadObject({ storeUrl, bucket: work.bucket, path, bytes }))
    }
    await postCallback(receiverUrl, work, { status: 'completed', assets, generationSeconds })
  }

  return async function runJob(text: string): Promise<void> {
    const work = workOf({ payload: JSON.parse(text) })
    try {
      await postCallback(receiverUrl, work, { status: 'processing' })
      await complete(work)
    } catch (error) {
      console.error(error)
      await postCallback(receiverUrl, work, { status: 'failed', errorMessage: String(error) })
    }
  }
}
