import type { Client } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import type { JobStatus } from '../jobs/status.ts'

export interface QuarantineTimes {
  /** Since when the job is in quarantine; null: it is not (ms since 1970, as both). */
  enteredMs: number | null
  /** How long it may wait there, by the settings that it was submitted with; null where its history does not tell. */
  limitMs: number | null
  /** When it was last released; null: never. */
  releasedMs: number | null
}

const ENTERED: JobStatus = 'quarantined'

/**
 * Reads from a job's history when it went into quarantine, for how long, and when it came out: by its status and the timer
 * that it starts in the same breath, which are never encrypted.
 */
export async function readQuarantine(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<QuarantineTimes> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  const found: QuarantineTimes = { enteredMs: null, limitMs: null, releasedMs: null }
  let enteredIn: string | null = null
  for (const event of events ?? []) {
    const timer = event.timerStartedEventAttributes
    if (enteredIn !== null && String(timer?.workflowTaskCompletedEventId) === enteredIn) {
      found.limitMs = millis(timer?.startToFireTimeout)
    }
    const upserted = event.upsertWorkflowSearchAttributesEventAttributes
    const data = upserted?.searchAttributes?.indexedFields?.[SEARCH_ATTRIBUTES.jobStatus]?.data
    if (!data) continue
    const atMs = millis(event.eventTime)
    const entered = Buffer.from(data).toString() === JSON.stringify(ENTERED)
    if (!entered && found.enteredMs !== null) found.releasedMs = atMs
    found.enteredMs = entered ? atMs : null
    found.limitMs = null
    enteredIn = entered ? String(upserted.workflowTaskCompletedEventId) : null
  }
  return found
}

type Time = { seconds?: { toString(): string } | null; nanos?: number | null } | null | undefined

const millis = (time: Time) => Number(time?.seconds ?? 0) * 1000 + Number(time?.nanos ?? 0) / 1e6
