import { z } from 'zod'

/*
 * Histories as plain JSON (enums by name, bytes in base64), the same whether Temporal or the evidence folder gives them.
 * Temporal keeps only the last attempt of an activity, so what happened in earlier ones is the engines' log to tell.
 */

const timestamp = z
  .object({ seconds: z.number().optional(), nanos: z.number().optional() })
  .transform(({ seconds = 0, nanos = 0 }) => seconds * 1000 + nanos / 1e6)
const named = z.object({ name: z.string() })
const payloads = z.object({
  payloads: z
    .array(z.object({ data: z.string().optional(), metadata: z.record(z.string(), z.string()).optional() }))
    .optional(),
})

export interface Failure {
  message?: string | undefined
  cause?: Failure | undefined
  applicationFailureInfo?: { type?: string | undefined } | undefined
  timeoutFailureInfo?: { timeoutType?: string | undefined } | undefined
}
const failure: z.ZodType<Failure> = z.lazy(() =>
  z.object({
    message: z.string().optional(),
    cause: failure.optional(),
    applicationFailureInfo: z.object({ type: z.string().optional() }).optional(),
    timeoutFailureInfo: z.object({ timeoutType: z.string().optional() }).optional(),
  }),
)
const ofActivity = { scheduledEventId: z.number() }

const eventSchema = z.object({
  eventId: z.number(),
  eventTime: timestamp,
  eventType: z.string(),
  workflowExecutionStartedEventAttributes: z.object({ workflowType: named, taskQueue: named }).optional(),
  workflowExecutionFailedEventAttributes: z.object({ failure: failure.optional() }).optional(),
  activityTaskScheduledEventAttributes: z.object({ activityType: named, taskQueue: named }).optional(),
  activityTaskStartedEventAttributes: z
    .object({
      ...ofActivity,
      attempt: z.number().optional(),
      identity: z.string().optional(),
      lastFailure: failure.optional(),
    })
    .optional(),
  activityTaskCompletedEventAttributes: z.object({ ...ofActivity, result: payloads.optional() }).optional(),
  activityTaskFailedEventAttributes: z.object({ ...ofActivity, failure: failure.optional() }).optional(),
  activityTaskTimedOutEventAttributes: z.object({ ...ofActivity, failure: failure.optional() }).optional(),
  activityTaskCanceledEventAttributes: z.object(ofActivity).optional(),
  timerStartedEventAttributes: z.object({ startToFireTimeout: timestamp.optional() }).optional(),
  timerFiredEventAttributes: z.object({ startedEventId: z.number() }).optional(),
  timerCanceledEventAttributes: z.object({ startedEventId: z.number() }).optional(),
  upsertWorkflowSearchAttributesEventAttributes: z
    .object({
      searchAttributes: z
        .object({ indexedFields: z.record(z.string(), z.object({ data: z.string().optional() })).optional() })
        .optional(),
    })
    .optional(),
})
export type HistoryEvent = z.infer<typeof eventSchema>

export const historySchema = z.object({
  workflowId: z.string(),
  runId: z.string(),
  events: z.array(eventSchema),
})
export type History = z.infer<typeof historySchema>

/** The value of a payload that is plain JSON; undefined of an encrypted one. */
export function plainValue(found: z.infer<typeof payloads> | undefined): unknown {
  const first = found?.payloads?.[0]
  const encoding = Buffer.from(first?.metadata?.encoding ?? '', 'base64').toString()
  if (first?.data === undefined || encoding !== 'json/plain') return undefined
  return JSON.parse(Buffer.from(first.data, 'base64').toString('utf8'))
}

/** A failure and what it was caused by, outermost first. */
export function causesOf(outer: Failure | undefined): Failure[] {
  return outer === undefined ? [] : [outer, ...causesOf(outer.cause)]
}
