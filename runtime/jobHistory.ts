import type { Client } from '@temporalio/client'
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js'
import type { temporal } from '@temporalio/proto'
import type { CallbackEvent } from '../jobs/callback.ts'

/** What a job's history tells to those who act after it: the reconciler and a redelivery by hand. */
export interface JobHistory {
  /** The producer's payload, as it was submitted. */
  payload: unknown
  /** The terminal event, if its delivery was ever scheduled. */
  terminalEvent: CallbackEvent | null
  uploadBegan: boolean
}

/** Reads the history of a job's workflow. Throws Temporal's WorkflowNotFoundError when there is none. */
export async function readJobHistory(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<JobHistory> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  const converter = client.options.loadedDataConverter
  const decode = async (payloads: temporal.api.common.v1.IPayloads | null | undefined): Promise<unknown> =>
    (await decodeArrayFromPayloads(converter, payloads?.payloads))[0]
  const found: JobHistory = { payload: null, terminalEvent: null, uploadBegan: false }
  for (const event of events ?? []) {
    const started = event.workflowExecutionStartedEventAttributes
    const activity = event.activityTaskScheduledEventAttributes
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes
    if (started) {
      const input = await decode(started.input)
      found.payload = payloadOf(input)
      // A delivery workflow is started with its event.
      found.terminalEvent = terminal(input)
    }
    if (activity?.activityType?.name === 'uploadAssets') found.uploadBegan = true
    if (activity?.activityType?.name === 'sendCallback')
      found.terminalEvent = terminal(await decode(activity.input)) ?? found.terminalEvent
    if (child?.workflowType?.name === 'deliverCallbackWorkflow')
      found.terminalEvent = terminal(await decode(child.input)) ?? found.terminalEvent
  }
  return found
}

function payloadOf(input: unknown): unknown {
  return typeof input === 'object' && input !== null && 'payload' in input ? input.payload : null
}

/** Our own workflows wrote it, so its shape is trusted. */
function terminal(input: unknown): CallbackEvent | null {
  if (typeof input !== 'object' || input === null || !('event' in input)) return null
  const event = input.event as CallbackEvent
  return event.kind === 'terminal' ? event : null
}
