import type { Client } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import { millis } from './protoTime.ts'

/** The last status that a job gave itself while it ran, and its limit. */
export type JobTimes =
  | {
      status: string
      /** When it was given (ms since 1970). */
      sinceMs: number
      /** How long the job may stay in it, by the settings that it was submitted with; null where its history does not tell. */
      limitMs: number | null
    }
  /** It has not begun. */
  | { status: null; sinceMs: null; limitMs: null }

/**
 * Reads a job's status and its limit from its history: whenever it begins, goes into quarantine or comes out of it, it shows a
 * status and starts the timer of its limit in the same breath. Neither is ever encrypted.
 */
export async function readJobTimes(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<JobTimes> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  let found: JobTimes = { status: null, sinceMs: null, limitMs: null }
  let task: string | null = null
  for (const event of events ?? []) {
    const timer = event.timerStartedEventAttributes
    if (found.status !== null && timer && String(timer.workflowTaskCompletedEventId) === task) {
      found.limitMs = Math.max(found.limitMs ?? 0, millis(timer.startToFireTimeout))
    }
    const upserted = event.upsertWorkflowSearchAttributesEventAttributes
    const data = upserted?.searchAttributes?.indexedFields?.[SEARCH_ATTRIBUTES.jobStatus]?.data
    if (!data) continue
    found = {
      status: String(JSON.parse(Buffer.from(data).toString())),
      sinceMs: millis(event.eventTime),
      limitMs: null,
    }
    task = String(upserted.workflowTaskCompletedEventId)
  }
  return found
}
