/** Stand-ins for the real workflows, for the tests of the client alone: they do as `metadata.act` of the payload says. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import type { CallbackEvent } from '../../jobs/callback.ts'
import { queuesBeside } from '../../jobs/queues.ts'
import type { JobStatus, RenderProgress } from '../../jobs/status.ts'
import { SIGNALS } from '../../jobs/temporalNames.ts'
import type { JobOutcome } from '../../workflows/types.ts'

export type Act = 'complete' | 'fail' | 'render' | 'render without a worker' | 'hang' | 'hang undelivered'

export interface ImitatedActivities {
  generate(input: { beats: RenderProgress[] }): Promise<void>
  sendCallback(input: { event: CallbackEvent }): Promise<void>
}

const jobStatus = defineSearchAttributeKey('JobStatus', SearchAttributeType.KEYWORD)
const callbackStatus = defineSearchAttributeKey('CallbackStatus', SearchAttributeType.KEYWORD)

const show = (status: JobStatus) => upsertSearchAttributes([{ key: jobStatus, value: status }])
const showCallback = (status: string) => upsertSearchAttributes([{ key: callbackStatus, value: status }])

export async function generateMediaWorkflow(input: {
  payload: { id: string; metadata: { act: Act; beats?: RenderProgress[] } }
}): Promise<JobOutcome> {
  const { id: jobId, metadata } = input.payload
  const queues = queuesBeside(workflowInfo().taskQueue)
  const { sendCallback } = proxyActivities<ImitatedActivities>({ startToCloseTimeout: '10s' })
  const { generate } = proxyActivities<ImitatedActivities>({
    taskQueue: queues.lane(metadata.act === 'render without a worker' ? 'wan.video' : 'sdxl'),
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10s',
  })
  const tell = (kind: CallbackEvent['kind'], status: CallbackEvent['body']['status']) => {
    const sequence = kind === 'processing' ? 1 : 2
    const body = bodyOf(jobId, status)
    return sendCallback({ event: { id: `${jobId}-${sequence}`, kind, sequence, body } })
  }

  show('processing')
  const status = metadata.act === 'fail' ? 'failed' : 'completed'
  try {
    await tell('processing', 'processing')
    if (metadata.act.startsWith('render')) await generate({ beats: metadata.beats ?? [] })
    if (metadata.act.startsWith('hang')) await condition(() => false)
  } catch (error) {
    await CancellationScope.nonCancellable(() => tell('terminal', 'failed'))
    show('canceled')
    if (metadata.act === 'hang undelivered') showCallback('retrying')
    throw error
  }
  await tell('terminal', status)
  show(status)
  showCallback('delivered')
  const outcome = outcomeOf(jobId, status)
  if (status === 'completed') return outcome
  throw ApplicationFailure.create({
    type: 'out_of_memory',
    nonRetryable: true,
    message: 'no room',
    details: [outcome],
  })
}

function outcomeOf(jobId: string, status: 'completed' | 'failed'): JobOutcome {
  const failed = status === 'failed'
  const asset = {
    index: 0,
    path: 'u/j/0.png',
    thumbnailPath: 'u/j/0.webp',
    url: null,
    thumbnailUrl: null,
    bytes: 1,
  }
  return {
    jobId,
    status,
    type: 'sdxl_image_fast',
    referenceMode: 'none',
    bucket: 'sdxl_image_fast',
    assets: failed ? [] : [asset],
    seed: 7,
    enhancedPrompt: null,
    receipt: null,
    failure: failed
      ? { code: 'out_of_memory', message: 'The GPU ran out of memory.', detail: 'no room' }
      : null,
  }
}

/** Waits to be told: `deliverNow` delivers, `giveUp` gives up. */
export async function deliverCallbackWorkflow({ event }: { event: CallbackEvent }): Promise<CallbackEvent> {
  let order: 'deliver' | 'give up' | null = null
  setHandler(defineSignal(SIGNALS.deliverNow), () => {
    order = 'deliver'
  })
  setHandler(defineSignal('giveUp'), () => {
    order = 'give up'
  })
  showCallback('retrying')
  await condition(() => order !== null)
  if (order === 'give up') {
    showCallback('undelivered')
    throw ApplicationFailure.nonRetryable('given up', 'callback_undelivered')
  }
  showCallback('delivered')
  return event
}

function bodyOf(jobId: string, status: CallbackEvent['body']['status']): CallbackEvent['body'] {
  const common = { job_id: jobId, metadata: {} }
  if (status === 'completed') return { ...common, status, assets: [] }
  return status === 'failed' ? { ...common, status, error_message: 'imitated' } : { ...common, status }
}
