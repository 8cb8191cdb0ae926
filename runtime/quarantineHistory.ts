import type { Client } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import type { JobStatus } from '../jobs/status.ts'

export interface QuarantineTimes {
  /** Since when the job is in quarantine; null: it is not (ms since 1970, as both). */
  enteredMs: number | null
  /** When it was last released; null: never. */
  releasedMs: number | null
}

const ENTERED: JobStatus = 'quarantined'

/** Reads from a job's history when it went into quarantine and came out: by its status, which is never encrypted. */
export async function readQuarantine(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<QuarantineTimes> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  const found: QuarantineTimes = { enteredMs: null, releasedMs: null }
  for (const { eventTime, upsertWorkflowSearchAttributesEventAttributes: upserted } of events ?? []) {
    const data = upserted?.searchAttributes?.indexedFields?.[SEARCH_ATTRIBUTES.jobStatus]?.data
    if (!data) continue
    const atMs = Number(eventTime?.seconds ?? 0) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6
    const entered = Buffer.from(data).toString() === JSON.stringify(ENTERED)
    if (!entered && found.enteredMs !== null) found.releasedMs = atMs
    found.enteredMs = entered ? atMs : null
  }
  return found
}
