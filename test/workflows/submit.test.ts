import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { JobConflictError } from '../../client/index.ts'
import { payloadOf } from './payloads.ts'
import { openPipeline } from './pipeline.ts'

test('a job submitted twice is one job, while it runs and after it has ended', async () => {
  const { pipeline, startGpu, receiver } = await openPipeline({ gpu: false })
  const payload = payloadOf({ metadata: { first: 1, second: { a: 1, b: [1, 2] } } })
  expect(await pipeline.submit(payload)).toMatchObject({ jobId: payload.id, created: true, status: 'queued' })
  await expect.poll(async () => (await pipeline.submit(payload)).status).toBe('processing')
  expect(await pipeline.submit(payload)).toMatchObject({ created: false })

  await startGpu()
  await pipeline.result(payload.id)
  // The order of keys is no difference.
  const { first, second } = { first: 1, second: { b: [1, 2], a: 1 } }
  const shuffled = Object.fromEntries(
    Object.entries({ ...payload, metadata: { second, first, created_from: 'test' } }).reverse(),
  )
  expect(await pipeline.submit(shuffled)).toEqual({
    jobId: payload.id,
    created: false,
    status: 'completed',
  })
  expect(receiver.log.deliveries.map(({ status }) => status)).toEqual(['processing', 'completed'])
})

test('two submissions at the same moment are one job', async () => {
  const { pipeline } = await openPipeline({ gpu: false })
  const payload = payloadOf()
  const results = await Promise.all(Array.from({ length: 5 }, () => pipeline.submit(payload)))
  expect(results.filter(({ created }) => created).length).toBe(1)
})

test('the same id with another user or another payload is a conflict, which tells nothing of the job', async () => {
  const { pipeline, run } = await openPipeline()
  const payload = payloadOf({ prompt: 'a red bicycle' })
  await run(payload)
  for (const other of [
    { ...payload, user_id: randomUUID() },
    { ...payload, prompt: 'a lighthouse' },
    { ...payload, config: { ...payload.config, num_images: 3 } },
  ]) {
    const refusal: unknown = await pipeline.submit(other).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(JobConflictError)
    expect(String(refusal)).not.toMatch(/bicycle|completed/)
    expect(String(refusal)).not.toContain(payload.user_id)
  }
  expect(await pipeline.submit(payload)).toMatchObject({ created: false, status: 'completed' })
})
