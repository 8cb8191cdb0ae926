import type { Client } from '@temporalio/client'
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js'
import type { temporal } from '@temporalio/proto'
import type { CallbackEvent } from '../jobs/callback.ts'
import { ACTIVITY_TYPES, WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import { millis } from './protoTime.ts'

type Payloads = temporal.api.common.v1.IPayloads | null | undefined

/** A delivery whose end the history does not tell: its time-out, an unknown outcome, or the workflow's own sudden end. */
export interface OpenDelivery {
  kind: CallbackEvent['kind']
  /** The latest that it can have begun (ms since 1970): it may have waited for a worker, which its history tells only later. */
  atMs: number
}

/** What a job's history tells to those who act after it: the reconciler and a redelivery by hand. */
export interface JobHistory {
  /** The producer's payload, as it was submitted. */
  payload: unknown
  /** Of the run that was reset, if one was; else its own. */
  firstRunId: string | null
  /** The terminal event, if its delivery was ever scheduled. */
  terminalEvent: CallbackEvent | null
  openDeliveries: OpenDelivery[]
  uploadBegan: boolean
}

/** What is known of a job whose history cannot be read. */
export const NO_HISTORY: Readonly<JobHistory> = {
  payload: null,
  firstRunId: null,
  terminalEvent: null,
  openDeliveries: [],
  uploadBegan: false,
}

/** Reads the history of a job's workflow, or of a callback's delivery. Throws a gRPC NOT_FOUND when there is none. */
export async function readJobHistory(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<JobHistory> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  const converter = client.options.loadedDataConverter
  const decode = async (payloads: Payloads) =>
    (await decodeArrayFromPayloads(converter, payloads?.payloads))[0]
  const found: JobHistory = { ...NO_HISTORY }
  const open = new Map<string, OpenDelivery>()
  const endless = new Set<OpenDelivery>()
  for (const event of events ?? []) {
    const started = event.workflowExecutionStartedEventAttributes
    const activity = event.activityTaskScheduledEventAttributes
    const completed = event.activityTaskCompletedEventAttributes
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes
    if (started) {
      const input = await decode(started.input)
      found.payload = payloadOf(input)
      found.firstRunId = started.firstExecutionRunId || null
      found.terminalEvent = terminal(eventIn(input))
    }
    if (activity?.activityType?.name === ACTIVITY_TYPES.uploadAssets) found.uploadBegan = true
    if (activity?.activityType?.name === ACTIVITY_TYPES.sendCallback) {
      const sent = eventIn(await decode(activity.input))
      found.terminalEvent = terminal(sent) ?? found.terminalEvent
      if (sent !== null) {
        const delivery = { kind: sent.kind, atMs: millis(event.eventTime) }
        open.set(String(event.eventId), delivery)
        endless.add(delivery)
      }
    }
    const ended =
      completed ?? event.activityTaskTimedOutEventAttributes ?? event.activityTaskFailedEventAttributes
    const delivery = open.get(String(ended?.scheduledEventId))
    if (delivery) {
      delivery.atMs = millis(event.eventTime)
      endless.delete(delivery)
    }
    if (completed && delivery && !isUnknown(await decode(completed.result)))
      open.delete(String(completed.scheduledEventId))
    if (child?.workflowType?.name === WORKFLOW_TYPES.deliverCallback)
      found.terminalEvent = terminal(eventIn(await decode(child.input))) ?? found.terminalEvent
  }
  for (const delivery of endless) delivery.atMs = millis(events?.at(-1)?.eventTime)
  return { ...found, openDeliveries: [...open.values()] }
}

function payloadOf(input: unknown): unknown {
  return typeof input === 'object' && input !== null && 'payload' in input ? input.payload : null
}

/** Our own workflows wrote it, so its shape is trusted. */
function eventIn(input: unknown): CallbackEvent | null {
  if (typeof input !== 'object' || input === null || !('event' in input)) return null
  return input.event as CallbackEvent
}

function terminal(event: CallbackEvent | null): CallbackEvent | null {
  return event?.kind === 'terminal' ? event : null
}

function isUnknown(report: unknown): boolean {
  return (
    typeof report === 'object' && report !== null && 'delivery' in report && report.delivery === 'unknown'
  )
}
