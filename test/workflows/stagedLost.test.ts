import { existsSync, rmSync, watch } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { payloadOf } from './payloads.ts'
import { openPipeline, type Pipeline } from './pipeline.ts'

const BICYCLE = new URL('../../examples/pictures/bicycle.png', import.meta.url)

/** Removes the nth files that are staged, each as soon as it is there. */
async function losing(directory: string, nths: readonly number[]): Promise<{ staged: string[] }> {
  await mkdir(directory, { recursive: true })
  const staged: string[] = []
  const watcher = watch(directory, (event, name) => {
    const path = join(directory, name ?? '')
    if (event !== 'rename' || !/^[0-9a-f]{64}$/.test(name ?? '') || !existsSync(path)) return
    staged.push(name ?? '')
    if (nths.includes(staged.length)) rmSync(path)
  })
  onTestFinished(() => watcher.close())
  return { staged }
}

/** A job with a reference that lies in the store. */
async function withReference({ config }: Pick<Pipeline, 'config'>) {
  const payload = payloadOf()
  const path = `reference_images/${payload.user_id}/bicycle.png`
  await cp(BICYCLE, join(config.store.directory, path), { recursive: true })
  return { ...payload, config: { ...payload.config, reference_image_url: path } }
}

test('a reference that is lost before it is prepared is fetched again, one that is lost before the render is prepared again', async () => {
  const pipeline = await openPipeline()
  const { staged } = await losing(pipeline.config.staging.directory, [1, 3])
  const job = await withReference(pipeline)
  expect(await pipeline.run(job)).toMatchObject({ status: 'completed', referenceMode: 'single' })
  const [original, again, frame, frameAgain] = staged
  expect([again, frameAgain]).toEqual([original, frame])
  expect(staged).toHaveLength(4)
})

test('references that never stay end their job', async () => {
  const pipeline = await openPipeline()
  const { staged } = await losing(pipeline.config.staging.directory, [1, 2, 3, 4])
  expect(await pipeline.run(await withReference(pipeline))).toMatchObject({
    status: 'failed',
    failure: { code: 'staged_lost' },
  })
  expect(staged).toHaveLength(4)
})
