import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { startSupabaseStorage } from '../standins/supabaseStorage.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { saveHistory } from './historyFiles.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'

const HOST_ID = 'card-1'
const BICYCLE = new URL('../../examples/pictures/bicycle.png', import.meta.url)

/** Lets jobs complete in spite of what fails them, and writes their histories into a folder, one JSON file each. */
export async function recordOutages(folder: string): Promise<void> {
  await recordFailedEnhancement(folder)
  await recordStoreAway(folder)
  await recordLostFiles(folder)
}

async function recordFailedEnhancement(folder: string): Promise<void> {
  const { run, temporal } = await openPipeline({ env: { HOST_ID } })
  const payload = payloadOf({ type: 'video7b_fast_enhanced', metadata: { simulate: 'internal:once' } })
  expect(await run(payload)).toMatchObject({ status: 'completed', enhancedPrompt: null })
  await saveHistory({ temporal, folder }, workflowIds.job(payload.id), 'video-enhancement-failed')
}

/** For longer than the attempts of a fetch; and, with another job, than those of a render that wants its reference. */
async function recordStoreAway(folder: string): Promise<void> {
  const { storage, pipeline } = await openOnStorage({ STAGING: 'store', TIME_SCALE: '0.05' })
  const { temporal } = pipeline
  const bytes = await readFile(BICYCLE)
  const withReference = () => {
    const payload = payloadOf({ type: 'image_fast' })
    const path = `reference_images/${payload.user_id}/bicycle.png`
    storage.objects.set(path, { bytes, contentType: 'image/png', updatedAt: new Date().toISOString() })
    return { ...payload, config: { ...payload.config, reference_image_url: path } }
  }
  const awayFor = (times: number) => storage.failNext({ kind: 'badGateway' }, { times, method: 'GET' })

  const unstaged = withReference()
  await pipeline.pipeline.submit(unstaged)
  await expect.poll(async () => (await pipeline.pipeline.get(unstaged.id)).phase).toBe('waiting for the card')
  awayFor(8)
  // Of another machine, which has no copy of the reference.
  await pipeline.startGpu({ HOST_ID, DATA_DIR: await temporaryDirectory() })
  expect(await ending(pipeline, unstaged.id)).toMatchObject({ status: 'completed', referenceMode: 'single' })
  await saveHistory({ temporal, folder }, workflowIds.job(unstaged.id), 'image-staging-away')

  awayFor(6)
  const unfetched = withReference()
  expect(await pipeline.run(unfetched)).toMatchObject({ status: 'completed', referenceMode: 'single' })
  await saveHistory({ temporal, folder }, workflowIds.job(unfetched.id), 'image-store-away')
}

/** Between the attempts of the upload. */
async function recordLostFiles(folder: string): Promise<void> {
  const { storage, pipeline } = await openOnStorage()
  const { temporal, config } = pipeline
  await pipeline.startGpu({ HOST_ID })
  const payload = payloadOf({ type: 'image_fast' })
  storage.failNext({ kind: 'badGateway' }, { times: 4, method: 'POST' })
  await pipeline.pipeline.submit(payload)
  const files = join(config.renders.directory, payload.id)
  await expect.poll(() => storage.requests.length, { interval: 10 }).toBeGreaterThan(1)
  for (const name of await readdir(files)) await rm(join(files, name), { recursive: true })
  expect(await ending(pipeline, payload.id)).toMatchObject({ status: 'completed' })
  expect(existsSync(files)).toBe(true)
  await saveHistory({ temporal, folder }, workflowIds.job(payload.id), 'image-render-lost')
}

async function openOnStorage(env: Record<string, string> = {}) {
  const buckets = { reference_images: {}, staging: {}, image_fast: {} }
  const storage = await startSupabaseStorage({ buckets })
  onTestFinished(() => storage.close())
  const supabase = { STORE: 'supabase', SUPABASE_URL: storage.url, SUPABASE_SERVICE_ROLE_KEY: storage.key }
  return { storage, pipeline: await openPipeline({ gpu: false, env: { ...supabase, ...env } }) }
}
