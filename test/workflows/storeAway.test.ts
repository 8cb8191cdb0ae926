import { readFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startSupabaseStorage } from '../standins/supabaseStorage.ts'
import { payloadOf } from './payloads.ts'
import { openPipeline } from './pipeline.ts'

const PICTURE = new URL('../../examples/pictures/bicycle.png', import.meta.url)

test('a job whose reference lies in a store that is away for longer than the attempts of a fetch waits for it', async () => {
  const storage = await startSupabaseStorage({ buckets: { reference_images: {}, sdxl_image_fast: {} } })
  onTestFinished(() => storage.close())
  const pipeline = await openPipeline({
    env: {
      STORE: 'supabase',
      SUPABASE_URL: storage.url,
      SUPABASE_SERVICE_ROLE_KEY: storage.key,
      TIME_SCALE: '0.1',
    },
  })
  const payload = payloadOf()
  const path = `reference_images/${payload.user_id}/bicycle.png`
  const updatedAt = new Date().toISOString()
  storage.objects.set(path, { bytes: await readFile(PICTURE), contentType: 'image/png', updatedAt })
  storage.failNext({ kind: 'badGateway' }, { times: 6, method: 'GET' })
  const job = { ...payload, config: { ...payload.config, reference_image_url: path } }
  expect(await pipeline.run(job)).toMatchObject({ status: 'completed', referenceMode: 'single' })
})
