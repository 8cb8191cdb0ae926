import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Behaviour } from '../../dev/receiverBehaviour.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { payloadOf } from '../workflows/payloads.ts'
import { ending, openPipeline, type Pipeline } from '../workflows/pipeline.ts'

/** Unlike any other text, so that it is found wherever it lies. */
export const PROMPT = 'zyxlighthouse at duskquartz'
export const NEGATIVE = 'qwvblurry bicyclejinx'
/** Of an operator, who may write of what the job holds. */
export const NOTE = 'vkxnote of the operatorquay'
export const CALLBACK_SECRET = `whsec_${Buffer.from('secret of the callbacks').toString('base64')}`
export const CALLBACK_TOKEN = 'token-of-the-callbacks'

/** A pipeline whose receiver refuses the callbacks of some users for good. */
export async function openObservedPipeline(env: Record<string, string>) {
  const refusing = new Set<string>()
  const pipeline = await openPipeline({
    env: {
      ...{ CALLBACK_SECRET, CALLBACK_TOKEN, CALLBACK_RETRY_HOURS: '0.0005', RECONCILE_SECONDS: '1' },
      ...env,
    },
    behave: ({ jobId }): Behaviour => (refusing.has(jobId ?? '') ? 'server-error' : 'ok'),
  })
  return { pipeline, refuse: (jobId: string) => void refusing.add(jobId) }
}

/** Runs jobs to every kind of end at which a prompt might be told; gives how each ended. */
export async function runToEveryEnding({
  pipeline,
  refuse,
}: Awaited<ReturnType<typeof openObservedPipeline>>): Promise<Record<string, string>> {
  const negative = { negative_prompt: NEGATIVE }
  const job = (options: Parameters<typeof payloadOf>[0] = {}) =>
    payloadOf({ prompt: PROMPT, ...options, config: { ...negative, ...options.config } })
  const jobs = {
    completed: job({ metadata: negative }),
    enhanced: job({ type: 'image7b_fast_enhanced' }),
    crashedOnce: job({ metadata: { simulate: 'crash:once' } }),
    rejected: job({ metadata: { simulate: 'invalid_input' } }),
    truncatedOnce: job({ metadata: { simulate: 'truncated:once' } }),
    refused: job({ prompt: `${PROMPT} nude child` }),
    invalid: { ...job(), prompt: { text: PROMPT } },
    invalidType: { ...job(), type: PROMPT },
    undelivered: job(),
    undeliveredFailure: { ...job(), prompt: [PROMPT], config: { prompt: PROMPT } },
  }
  for (const { id } of [jobs.undelivered, jobs.undeliveredFailure]) refuse(id)
  const outcomes = await Promise.all(
    Object.entries(jobs).map(async ([name, payload]) => {
      const { status, failure } = await pipeline.run(payload)
      return [name, failure === null ? status : `${status}: ${failure.code}`]
    }),
  )
  for (const { id } of [jobs.undelivered, jobs.undeliveredFailure]) {
    await expect
      .poll(async () => (await pipeline.pipeline.get(id)).callback, { timeout: 30_000 })
      .toBe('undelivered')
  }
  return {
    ...Object.fromEntries(outcomes),
    ...(await stopBothWays(pipeline)),
    quarantined: await rejectFromQuarantine(pipeline),
  }
}

/** One that kills the inference program until it is set aside, and that an operator then rejects. */
async function rejectFromQuarantine(pipeline: Pipeline): Promise<string> {
  const { id, ...payload } = payloadOf({ prompt: PROMPT, metadata: { simulate: 'kill' } })
  await pipeline.pipeline.submit({ id, ...payload })
  await expect
    .poll(async () => (await pipeline.pipeline.get(id)).status, { timeout: 60_000 })
    .toBe('quarantined')
  await pipeline.pipeline.quarantine.reject(id, { note: NOTE })
  const { status, failure } = await ending(pipeline, id)
  return `${status}: ${failure?.code}`
}

/** One cancelled and one terminated, both while they render and heartbeat. */
async function stopBothWays(pipeline: Pipeline): Promise<Record<string, string>> {
  const [canceled, terminated] = (['video_fast', 'image_fast'] as const).map(type =>
    payloadOf({ type, prompt: PROMPT, userId: randomUUID(), metadata: { simulate: 'slow' } }),
  )
  if (canceled === undefined || terminated === undefined) throw new Error('no payloads')
  for (const { id, ...payload } of [canceled, terminated]) {
    await pipeline.pipeline.submit({ id, ...payload })
    await expect
      .poll(async () => (await pipeline.pipeline.get(id)).phase, { timeout: 20_000 })
      .toBe('rendering')
    if (id === canceled.id) await pipeline.pipeline.cancel(id)
    else await pipeline.temporal.workflow.getHandle(workflowIds.job(id)).terminate('by hand')
    await ending(pipeline, id)
    await expect.poll(() => pipeline.heard(id).at(-1)?.status, { timeout: 20_000 }).not.toBe('processing')
  }
  return {
    canceled: (await ending(pipeline, canceled.id)).status,
    terminated: pipeline.heard(terminated.id).at(-1)?.status ?? 'not told',
  }
}
