import { expect, onTestFinished } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { startSupabaseStorage } from '../standins/supabaseStorage.ts'
import { saveHistory } from './historyFiles.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline, type Pipeline } from './pipeline.ts'

const HOST_ID = 'card-1'

/** Interrupts jobs where they are, and writes their histories into a folder, one JSON file each. */
export async function recordInterruptions(folder: string): Promise<void> {
  const saveJob = ({ temporal }: Pipeline, jobId: string, name: string) =>
    saveHistory({ temporal, folder }, workflowIds.job(jobId), name)

  // Six hours, the deadline of an SDXL image, become three seconds.
  const late = await openPipeline({ gpu: false, env: { DEADLINE_FACTOR: String(3 / 21_600) } })
  const waited = payloadOf()
  expect(await late.run(waited)).toMatchObject({ failure: { code: 'deadline_exceeded' } })
  await saveJob(late, waited.id, 'image-deadline')

  const slow = await openPipeline({ env: { HOST_ID, PREVIEW_SPEED: '0.5' } })
  const rendering = payloadOf({ type: 'video_fast' })
  await slow.pipeline.submit(rendering)
  await expect
    .poll(async () => (await slow.pipeline.get(rendering.id)).step, { timeout: 20_000 })
    .toBeGreaterThan(0)
  await slow.pipeline.cancel(rendering.id)
  expect(await ending(slow, rendering.id)).toMatchObject({ status: 'canceled' })
  await saveJob(slow, rendering.id, 'video-canceled-rendering')

  const storage = await startSupabaseStorage({ buckets: { sdxl_image_fast: {} } })
  onTestFinished(() => storage.close())
  const stored = await openPipeline({
    env: {
      HOST_ID,
      STORE: 'supabase',
      SUPABASE_URL: storage.url,
      SUPABASE_SERVICE_ROLE_KEY: storage.key,
    },
  })
  const uploading = payloadOf()
  // Of the picture and its thumbnail one is there, and the other hangs.
  storage.failNext({ kind: 'slow', delayMs: 0 }, { method: 'POST' })
  storage.failNext({ kind: 'hang' }, { method: 'POST' })
  await stored.pipeline.submit(uploading)
  await expect.poll(() => storage.objects.size, { timeout: 20_000 }).toBe(1)
  await stored.pipeline.cancel(uploading.id)
  expect(await ending(stored, uploading.id)).toMatchObject({ status: 'canceled', assets: [] })
  await saveJob(stored, uploading.id, 'image-canceled-uploading')
  await expect.poll(() => storage.objects.size, { timeout: 20_000 }).toBe(0)
}
