import { CancelledFailure } from '@temporalio/common'
import { expect, test } from 'vitest'
import { JobFailure } from '../jobs/failures.ts'
import { barePayload, planOf } from '../jobs/testing/payloads.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { measuredGenerate } from './measured.ts'

test.each([
  [new JobFailure('out_of_memory', 'too large'), 'out_of_memory'],
  [new CancelledFailure('cancelled'), 'canceled'],
  [new TypeError('a mistake of ours'), 'internal'],
])('%s counts as %s', async (error, result) => {
  const metrics = createMetrics()
  const generate = measuredGenerate(() => Promise.reject(error), metrics)
  const plan = planOf(barePayload('sdxl_image_fast'))
  await expect(generate({ plan: { ...plan, seed: 1 }, prompt: plan.prompt, references: [] })).rejects.toBe(
    error,
  )
  const { values } = await metrics.renders.get()
  expect(values.filter(({ value }) => value > 0)).toMatchObject([
    { labels: { type: 'sdxl_image_fast', result }, value: 1 },
  ])
})

test('crashes are counted from 0, so that the first one is seen to rise', async () => {
  const metrics = createMetrics()
  measuredGenerate(() => Promise.reject(new Error('never called')), metrics)
  const { values } = await metrics.renders.get()
  expect(values).toContainEqual({ labels: { type: 'video_high', result: 'engine_crashed' }, value: 0 })
})
