import { defaultPayloadConverter } from '@temporalio/common'
import { expect, test } from 'vitest'
import { readAttributes } from '../../client/attributes.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import { runtimeLog } from '../stack.ts'
import { payloadOf } from './payloads.ts'
import { ending, openPipeline, type Pipeline } from './pipeline.ts'

/** Unlike any other text, so that it is found wherever it should not be. */
const WORD = 'zyxlighthouse'

/** What a person sees of a workflow in the Web UI without opening a payload. */
async function seen({ temporal }: Pick<Pipeline, 'temporal'>, workflowId: string) {
  const handle = temporal.workflow.getHandle(workflowId)
  const { events } = await handle.fetchHistory()
  const description = await handle.describe()
  const metadata: { currentDetails?: string } = await handle.query('__temporal_workflow_metadata')
  const summaries = (events ?? []).map(
    ({ userMetadata, activityTaskScheduledEventAttributes: activity }) => ({
      activity: activity?.activityType?.name ?? null,
      summary: userMetadata?.summary
        ? defaultPayloadConverter.fromPayload<string>(userMetadata.summary)
        : null,
    }),
  )
  const failures = (events ?? []).flatMap(event => [
    event.activityTaskFailedEventAttributes?.failure,
    event.activityTaskStartedEventAttributes?.lastFailure,
    event.workflowExecutionFailedEventAttributes?.failure,
    event.workflowTaskFailedEventAttributes?.failure,
  ])
  return {
    workflowId,
    attributes: readAttributes(description.typedSearchAttributes),
    memo: description.memo,
    staticSummary: await description.staticSummary(),
    staticDetails: await description.staticDetails(),
    details: metadata.currentDetails,
    summaries: summaries.filter(({ summary }) => summary !== null),
    unnamed: summaries.flatMap(({ activity, summary }) =>
      activity !== null && summary === null ? [activity] : [],
    ),
    failures: failures.flatMap(failure => (failure ? [messagesOf(failure)] : [])),
  }
}

interface FailureMessages {
  message?: string | null
  stackTrace?: string | null
  cause?: FailureMessages | null
}

/** The chain of messages, which the Web UI prints. */
function messagesOf({ message, stackTrace, cause }: FailureMessages): string {
  return [message, stackTrace, cause ? messagesOf(cause) : ''].join('\n')
}

test('search attributes, summaries and details follow a job through its life', async () => {
  const pipeline = await openPipeline({ gpu: false })
  const payload = payloadOf({ prompt: WORD })
  await pipeline.pipeline.submit(payload)
  const id = workflowIds.job(payload.id)
  await expect.poll(async () => (await seen(pipeline, id)).details).toBe('rendering')
  const running = await seen(pipeline, id)
  expect(running).toMatchObject({
    attributes: {
      type: 'sdxl_image_fast',
      userId: payload.user_id,
      status: 'processing',
      referenceMode: 'none',
      failureCode: null,
      callback: 'pending',
    },
    staticSummary: 'sdxl_image_fast · no reference',
  })
  await pipeline.startGpu()
  await ending(pipeline, payload.id)
  const ended = await seen(pipeline, id)
  expect(ended).toMatchObject({
    attributes: { status: 'completed', failureCode: null, callback: 'delivered' },
    details: 'completed',
    unnamed: [],
    summaries: expect.arrayContaining([
      { activity: 'sendCallback', summary: 'processing, event 1' },
      { activity: 'generate', summary: 'sdxl_image_fast · 512×512 · 15 steps · 1 image' },
      { activity: 'uploadAssets', summary: '1 png to sdxl_image_fast' },
      { activity: 'sendCallback', summary: 'completed, event 2' },
    ]),
  })
})

test('a job that has not begun is queued, and one that failed says why', async () => {
  const pipeline = await openPipeline({ control: false, gpu: false })
  const payload = payloadOf({ type: 'video_high', metadata: { simulate: 'invalid_input' } })
  await pipeline.pipeline.submit(payload)
  const description = await pipeline.temporal.workflow.getHandle(workflowIds.job(payload.id)).describe()
  expect(readAttributes(description.typedSearchAttributes)).toMatchObject({
    type: 'video_high',
    userId: payload.user_id,
    status: 'queued',
    referenceMode: 'none',
    callback: 'pending',
  })
  await pipeline.startControl()
  await pipeline.startGpu()
  await ending(pipeline, payload.id)
  expect(await seen(pipeline, workflowIds.job(payload.id))).toMatchObject({
    attributes: { status: 'failed', failureCode: 'engine_rejected', callback: 'delivered' },
    details: expect.stringMatching(/^failed: .*\(engine_rejected\)$/),
  })
})

test('a prompt is nowhere to be seen: not in what is never encrypted, not in failures, not in the logs', {
  timeout: 60_000,
}, async () => {
  const lines: string[] = []
  const pipeline = await openPipeline({
    env: { LOG_LEVEL: 'debug' },
    log: { stream: { write: line => lines.push(line) } },
  })
  const { run } = pipeline
  const negative = { negative_prompt: `${WORD}-negative` }
  const payloads = [
    payloadOf({ prompt: WORD, config: negative, metadata: negative }),
    payloadOf({ prompt: WORD, type: 'image7b_fast_enhanced' }),
    ...['invalid_input', 'crash:once', 'out_of_memory:once'].map(simulate =>
      payloadOf({ prompt: WORD, metadata: { simulate } }),
    ),
    payloadOf({ prompt: `${WORD} nude child` }),
    { ...payloadOf(), prompt: { text: WORD } },
    { ...payloadOf(), prompt: [WORD], config: { prompt: WORD } },
  ]
  const outcomes = await Promise.all(payloads.map(run))
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['completed', 'failed']))
  const visible = await Promise.all(payloads.map(({ id }) => seen(pipeline, workflowIds.job(id))))
  const leaks = visible.filter(view => JSON.stringify(view).includes(WORD))
  expect(leaks).toEqual([])
  expect(lines.length).toBeGreaterThan(5)
  expect(lines.filter(line => line.includes(WORD))).toEqual([])
  const logged = runtimeLog.map(({ message, meta }) => `${message} ${JSON.stringify(meta)} ${meta?.error}`)
  expect(logged.length).toBeGreaterThan(5)
  expect(logged.filter(line => line.includes(WORD))).toEqual([])
})
