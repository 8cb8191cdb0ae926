import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { jobTypeNames, jobTypeRow } from '../jobs/jobTypes.ts'
import { readQuarantine } from '../runtime/quarantineHistory.ts'
import { attributeKeys } from '../workflows/attributeKeys.ts'

export interface StuckLimits {
  client: Client
  deadlineFactor: number
  /** How long a job may wait in quarantine. */
  quarantineMs: number
  /** How late a running job may be before it counts as stuck: its own deadline needs a worker to be noticed. */
  stuckGraceMs: number
}

/**
 * Whether a running job should have ended by its own doing a while ago. One that is, or was, in quarantine has other limits
 * than its age, which only its history tells; that is read when the age alone would be too great.
 */
export async function isStuck(
  job: WorkflowExecutionInfo,
  limits: StuckLimits,
  nowMs: number,
): Promise<boolean> {
  const { client, quarantineMs, stuckGraceMs } = limits
  const deadlineMs = hoursOf(job) * 3_600_000 * limits.deadlineFactor
  const late = (sinceMs: number, limitMs: number) => nowMs - sinceMs > limitMs + stuckGraceMs
  const startedMs = job.startTime.getTime()
  if (!late(startedMs, deadlineMs)) return false
  const setAside = job.typedSearchAttributes.get(attributeKeys.jobStatus) === 'quarantined'
  if (setAside && !late(startedMs, quarantineMs)) return false
  const { enteredMs, releasedMs } = await readQuarantine(client, job)
  if (enteredMs !== null) return late(enteredMs, quarantineMs)
  return late(releasedMs ?? startedMs, deadlineMs)
}

function hoursOf({ typedSearchAttributes }: WorkflowExecutionInfo): number {
  const found = typedSearchAttributes.get(attributeKeys.jobType)
  const type = jobTypeNames.find(name => name === found)
  return type === undefined ? 24 : jobTypeRow(type).deadlineHours
}
