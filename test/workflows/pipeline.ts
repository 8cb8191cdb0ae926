import { onTestFinished } from 'vitest'
import { JobCanceledError, JobFailedError } from '../../client/index.ts'
import {
  type CallbackReceiver,
  type CallbackReceiverOptions,
  startCallbackReceiver,
} from '../../dev/callbackReceiver.ts'
import type { CallbackBody } from '../../jobs/callback.ts'
import type { LogOptions } from '../../runtime/log.ts'
import type { JobOutcome } from '../../workflows/types.ts'
import { openTestStack, type TestStack } from '../stack.ts'

export interface PipelineOptions {
  env?: Record<string, string>
  behave?: NonNullable<CallbackReceiverOptions['behave']>
  control?: boolean
  gpu?: boolean
  log?: LogOptions
}

export interface Pipeline extends TestStack {
  receiver: CallbackReceiver
  /** What the receiver took over of a job, in order. */
  heard(jobId: string): CallbackBody[]
  /** Submits a payload and waits for its end, whatever it is. */
  run(payload: { id: string }): Promise<JobOutcome>
}

/** A whole pipeline with a callback receiver, for one test; it is closed, and its histories replayed, after the test. */
export async function openPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const receiver = await startCallbackReceiver(options.behave ? { behave: options.behave } : {})
  const stack = await openTestStack(
    {
      CALLBACK_URL: receiver.callbackUrl,
      // A loaded machine takes a second now and then, and what was not answered in time is delivered again.
      CALLBACK_TIMEOUT_SECONDS: '10',
      REFERENCE_ALLOW_HOSTS: '127.0.0.1',
      ...options.env,
    },
    options.log,
  )
  onTestFinished(async () => {
    await stack.stop()
    await receiver.close()
  })
  if (options.control !== false) await stack.startControl()
  if (options.gpu !== false) await stack.startGpu()
  return {
    ...stack,
    receiver,
    heard: jobId =>
      receiver.log.deliveries
        .filter(delivery => delivery.jobId === jobId && delivery.processed)
        .map(({ body }): CallbackBody => JSON.parse(body)),
    async run(payload) {
      await stack.pipeline.submit(payload)
      return ending(stack, payload.id)
    },
  }
}

/** The outcome of a job, also of one that failed or was cancelled. */
export async function ending({ pipeline }: Pick<TestStack, 'pipeline'>, jobId: string): Promise<JobOutcome> {
  try {
    return await pipeline.result(jobId)
  } catch (error) {
    if (error instanceof JobFailedError || error instanceof JobCanceledError) return error.outcome
    throw error
  }
}
