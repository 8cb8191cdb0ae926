import { expect, test } from 'vitest'
import { losing, withReference } from './lostReferences.ts'
import { openPipeline } from './pipeline.ts'

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
