import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { jobTypeNames, jobTypeRow } from '../jobs/jobTypes.ts'
import { readQuarantine } from '../runtime/quarantineHistory.ts'
import { attributeKeys } from '../workflows/attributeKeys.ts'

export interface StuckLimits {
  client: Client
  deadlineFactor: number
  /** How long a job that is submitted today may wait in quarantine; each goes by what was configured when it was. */
  quarantineMs: number
  /** How late a running job may be before it counts as stuck: its own deadline needs a worker to be noticed. */
  stuckGraceMs: number
}

type RunningJob = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'startTime' | 'typedSearchAttributes'>

/**
 * Whether a running job should have ended by its own doing a while ago. One that is, or was, in quarantine has other limits
 * than its age, which only its history tells; that is read when the age alone would be too great.
 */
export async function isStuck(job: RunningJob, limits: StuckLimits, nowMs: number): Promise<boolean> {
  const { client, quarantineMs, stuckGraceMs } = limits
  const deadlineMs = hoursOf(job) * 3_600_000 * limits.deadlineFactor
  const late = (sinceMs: number, limitMs: number) => nowMs - sinceMs > limitMs + stuckGraceMs
  const startedMs = job.startTime.getTime()
  if (!late(startedMs, deadlineMs)) return false
  const setAside = job.typedSearchAttributes.get(attributeKeys.jobStatus) === 'quarantined'
  if (setAside && !late(startedMs, quarantineMs)) return false
  const { enteredMs, limitMs, releasedMs } = await readQuarantine(client, job)
  if (enteredMs !== null) return late(enteredMs, limitMs ?? quarantineMs)
  return late(releasedMs ?? startedMs, deadlineMs)
}

function hoursOf({ typedSearchAttributes }: RunningJob): number {
  const found = typedSearchAttributes.get(attributeKeys.jobType)
  const type = jobTypeNames.find(name => name === found)
  return type === undefined ? 24 : jobTypeRow(type).deadlineHours
}
