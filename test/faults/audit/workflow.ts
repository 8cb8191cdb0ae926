import { causesOf, type Failure, type History, type HistoryEvent, plainValue } from './history.ts'

/** One activity of a workflow, over all its attempts. */
export interface ActivityRecord {
  name: string
  queue: string
  scheduledMs: number
  /** When the last attempt began; null if none did. */
  startedMs: number | null
  /** Number of the last attempt, and the worker that had it, by its own name; null as above. */
  attempt: number | null
  worker: string | null
  /** Type of the failure of the attempt before it, as `HEARTBEAT` where that was heard of no more. */
  earlierFailure: string | null
  closedMs: number | null
  end: 'completed' | 'failed' | 'timed-out' | 'canceled' | null
  /** Type of the failure that ended it, as `render_lost`, or `SCHEDULE_TO_START` of a time-out. */
  failureType: string | null
  result: unknown
}

export interface TimerRecord {
  startedMs: number
  lastsMs: number
  closedMs: number | null
}

export interface WorkflowRecord {
  workflowId: string
  runId: string
  type: string
  queue: string
  startedMs: number
  closedMs: number | null
  /** `RUNNING`, `COMPLETED`, `FAILED`, `CANCELED`, `TERMINATED`, … */
  status: string
  failureType: string | null
  /** When anything happened, in order. */
  eventsMs: number[]
  activities: ActivityRecord[]
  timers: TimerRecord[]
  /** Values of the search attribute JobStatus, as they changed. */
  statuses: { atMs: number; status: string }[]
}

const CLOSING =
  /^EVENT_TYPE_WORKFLOW_EXECUTION_(COMPLETED|FAILED|CANCELED|TERMINATED|TIMED_OUT|CONTINUED_AS_NEW)$/

/** What a history tells, in fewer words. null of one that has no beginning. */
export function readWorkflow({ workflowId, runId, events }: History): WorkflowRecord | null {
  const first = events[0]
  const started = first?.workflowExecutionStartedEventAttributes
  if (first === undefined || started === undefined) return null
  const last = events.findLast(({ eventType }) => CLOSING.test(eventType))
  return {
    workflowId,
    runId,
    type: started.workflowType.name,
    queue: started.taskQueue.name,
    startedMs: first.eventTime,
    closedMs: last?.eventTime ?? null,
    status: CLOSING.exec(last?.eventType ?? '')?.[1] ?? 'RUNNING',
    failureType: typeOf(last?.workflowExecutionFailedEventAttributes?.failure),
    eventsMs: events.map(({ eventTime }) => eventTime).toSorted((a, b) => a - b),
    activities: events.flatMap(event => activityOf(event, events) ?? []),
    timers: events.flatMap(event => timerOf(event, events) ?? []),
    statuses: events.flatMap(event => statusOf(event) ?? []),
  }
}

function activityOf(event: HistoryEvent, events: readonly HistoryEvent[]): ActivityRecord | null {
  const scheduled = event.activityTaskScheduledEventAttributes
  if (scheduled === undefined) return null
  const record: ActivityRecord = {
    ...{ name: scheduled.activityType.name, queue: scheduled.taskQueue.name },
    ...{ scheduledMs: event.eventTime, startedMs: null, closedMs: null, end: null },
    ...{ attempt: null, worker: null, earlierFailure: null, failureType: null, result: undefined },
  }
  const mine = (attributes: { scheduledEventId: number } | undefined) =>
    attributes?.scheduledEventId === event.eventId
  for (const next of events) {
    const { eventTime: atMs } = next
    const started = next.activityTaskStartedEventAttributes
    if (started !== undefined && mine(started)) {
      const { attempt = 1, identity: worker = null, lastFailure } = started
      Object.assign(record, { startedMs: atMs, attempt, worker, earlierFailure: typeOf(lastFailure) })
    }
    const completed = next.activityTaskCompletedEventAttributes
    const failed = next.activityTaskFailedEventAttributes
    const timedOut = next.activityTaskTimedOutEventAttributes
    if (mine(completed)) close('completed', atMs, undefined, plainValue(completed?.result))
    if (mine(failed)) close('failed', atMs, failed?.failure)
    if (mine(timedOut)) close('timed-out', atMs, timedOut?.failure)
    if (mine(next.activityTaskCanceledEventAttributes)) close('canceled', atMs)
  }
  return record

  function close(end: ActivityRecord['end'], closedMs: number, failure?: Failure, result?: unknown): void {
    Object.assign(record, { end, closedMs, failureType: typeOf(failure), result })
  }
}

function timerOf(event: HistoryEvent, events: readonly HistoryEvent[]): TimerRecord | null {
  const started = event.timerStartedEventAttributes
  if (started === undefined) return null
  const over = events.find(
    ({ timerFiredEventAttributes: fired, timerCanceledEventAttributes: canceled }) =>
      (fired ?? canceled)?.startedEventId === event.eventId,
  )
  const lastsMs = started.startToFireTimeout ?? 0
  return { startedMs: event.eventTime, lastsMs, closedMs: over?.eventTime ?? null }
}

function statusOf(event: HistoryEvent): { atMs: number; status: string } | null {
  const fields = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes?.indexedFields
  const data = fields?.JobStatus?.data
  if (data === undefined) return null
  const value: unknown = JSON.parse(Buffer.from(data, 'base64').toString('utf8'))
  const status = Array.isArray(value) ? value[0] : value
  return { atMs: event.eventTime, status: String(status) }
}

/** The innermost type that anybody gave: the pipeline's own code stands below Temporal's words for where it came from. */
function typeOf(failure: Failure | undefined): string | null {
  for (const { applicationFailureInfo, timeoutFailureInfo } of causesOf(failure)) {
    if (applicationFailureInfo?.type) return applicationFailureInfo.type
    if (timeoutFailureInfo?.timeoutType) return timeoutFailureInfo.timeoutType.replace(/^TIMEOUT_TYPE_/, '')
  }
  return null
}
