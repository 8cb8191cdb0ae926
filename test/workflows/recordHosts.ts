import { expect, onTestFinished } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { startSupabaseStorage } from '../standins/supabaseStorage.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { saveHistory } from './historyFiles.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'
import { startMachine } from './startMachine.ts'

const FAST = { TIME_SCALE: '0.1', PREVIEW_SPEED: '0.02' }

/** Takes machines away from jobs that are at home there, and writes the jobs' histories into a folder, one JSON file each. */
export async function recordHosts(folder: string): Promise<void> {
  await recordSilentUpload(folder)
  await recordLostMachine(folder, 'video-host-back')
  await recordLostMachine(folder, 'video-host-silent')
}

/** The host that holds the files goes before they are uploaded: it is asked once more, and then another renders them. */
async function recordSilentUpload(folder: string): Promise<void> {
  const storage = await startSupabaseStorage({ buckets: { image_fast: {} } })
  onTestFinished(() => storage.close())
  const pipeline = await openPipeline({
    gpu: false,
    env: {
      STORE: 'supabase',
      SUPABASE_URL: storage.url,
      SUPABASE_SERVICE_ROLE_KEY: storage.key,
      HOST_LOST_SECONDS: '2',
      SHUTDOWN_GRACE_SECONDS: '1',
    },
  })
  const first = await pipeline.startGpu({ HOST_ID: 'card-1', DATA_DIR: await temporaryDirectory() })
  storage.failNext({ kind: 'hang' }, { times: 2 })
  const payload = payloadOf({ type: 'image_fast' })
  await pipeline.pipeline.submit(payload)
  await expect.poll(() => storage.requests.length).toBe(2)
  await first.stop()
  await pipeline.startGpu({ HOST_ID: 'card-2', DATA_DIR: await temporaryDirectory() })
  expect((await ending(pipeline, payload.id)).receipt?.host).toBe('card-2')
  await saveHistory({ temporal: pipeline.temporal, folder }, workflowIds.job(payload.id), 'image-host-silent')
}

/** A machine dies in mid-render, and another finds the render at home there. The first one comes back, or never. */
async function recordLostMachine(
  folder: string,
  name: 'video-host-back' | 'video-host-silent',
): Promise<void> {
  const comesBack = name === 'video-host-back'
  const HOST_LOST_SECONDS = comesBack ? '6000' : '3'
  const pipeline = await openPipeline({ gpu: false, env: { ...FAST, HOST_LOST_SECONDS } })
  const dataDir = await temporaryDirectory()
  const first = await startMachine(pipeline, 'card-1', dataDir, FAST)
  const payload = payloadOf({ type: 'video_fast', config: { frame_num: 81 } })
  await pipeline.pipeline.submit(payload)
  await expect.poll(async () => (await pipeline.pipeline.get(payload.id)).step).toBeGreaterThan(1)
  process.kill(first.pid, 'SIGKILL')
  await first.ended
  await pipeline.startGpu({ HOST_ID: 'card-2', DATA_DIR: await temporaryDirectory() })
  const job = pipeline.temporal.workflow.getHandle(workflowIds.job(payload.id))
  const renders = async () => {
    const { events } = await job.fetchHistory()
    const scheduled = events?.map(event => event.activityTaskScheduledEventAttributes?.activityType?.name)
    return scheduled?.filter(type => type === 'generate').length
  }
  await expect.poll(renders).toBeGreaterThan(1)
  // At its own pace: one in a hurry would not wait for its program, and leave the render to another.
  if (comesBack) await startMachine(pipeline, 'card-1', dataDir, { PREVIEW_SPEED: FAST.PREVIEW_SPEED })
  expect((await ending(pipeline, payload.id)).receipt?.host).toBe(comesBack ? 'card-1' : 'card-2')
  await saveHistory({ temporal: pipeline.temporal, folder }, job.workflowId, name)
}
