import { expect } from 'vitest'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { saveHistory } from './historyFiles.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline } from './pipeline.ts'
import { reset } from './resetJob.ts'
import { startDelivery } from './startDelivery.ts'

/** Has jobs tell their end more than once, and writes their histories and those of their deliveries into a folder. */
export async function recordToldAgain(folder: string): Promise<void> {
  await recordReset(folder)
  await recordUnknownOutcome(folder)
}

/** A job that is reset while its end is still being delivered; and the delivery of an end that was told anew since. */
async function recordReset(folder: string): Promise<void> {
  let down = true
  const pipeline = await openPipeline({
    gpu: false,
    env: { TIME_SCALE: '0.05' },
    behave: () => (down ? 'server-error' : 'ok'),
  })
  const { temporal } = pipeline
  // Not valid, so that it ends at once.
  const payload = payloadOf({ config: { num_images: 2 } })
  const job = temporal.workflow.getHandle(workflowIds.job(payload.id))
  await pipeline.run(payload)
  const { runId } = await job.describe()
  await reset(pipeline, payload.id)
  await ending(pipeline, payload.id)
  down = false
  const delivery = temporal.workflow.getHandle(workflowIds.callback(payload.id))
  await delivery.result()
  await saveHistory({ temporal, folder }, job.workflowId, 'image-reset')
  await saveHistory({ temporal, folder }, delivery.workflowId, 'delivery-replaced')

  await reset(pipeline, payload.id)
  await ending(pipeline, payload.id)
  const outdated = (await startDelivery(pipeline, { runId }, payload.id)).delivery
  await outdated.result()
  await saveHistory({ temporal, folder }, outdated.workflowId, 'delivery-outdated')
}

/** The app may still be at work on `processing` when it gets the end: it gets that once more. */
async function recordUnknownOutcome(folder: string): Promise<void> {
  const pipeline = await openPipeline({
    gpu: false,
    // The 400 s that a receiver runs for at most become four.
    env: { CALLBACK_TIMEOUT_SECONDS: '1', TIME_SCALE: '0.01', RECONCILE_SECONDS: '1000' },
    behave: ({ status }) => (status === 'processing' ? 'hang' : 'ok'),
  })
  const { temporal, heard } = pipeline
  const payload = payloadOf()
  await pipeline.pipeline.submit(payload)
  await expect.poll(() => pipeline.receiver.log.deliveries.length).toBe(1)
  await pipeline.pipeline.cancel(payload.id)
  expect(await ending(pipeline, payload.id)).toMatchObject({ status: 'aborted' })
  const repetition = temporal.workflow.getHandle(workflowIds.callback(payload.id))
  await repetition.result()
  expect(heard(payload.id).length).toBe(2)
  await saveHistory({ temporal, folder }, workflowIds.job(payload.id), 'image-told-twice')
  await saveHistory({ temporal, folder }, repetition.workflowId, 'delivery-only-repeated')
}
