import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { isJobType, jobTypeRow } from '../jobs/jobTypes.ts'
import { readJobTimes } from '../runtime/jobTimes.ts'
import { attributeKeys } from '../workflows/attributeKeys.ts'

export interface StuckLimits {
  client: Client
  /** For jobs whose history does not tell their deadline; each goes by what was configured when it was submitted. */
  deadlineFactor: number
  /** How long a job that is submitted today may wait in quarantine; each goes by what was configured when it was. */
  quarantineMs: number
  /** How late a running job may be before it counts as stuck: its own deadline needs a worker to be noticed. */
  stuckGraceMs: number
}

type RunningJob = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'startTime' | 'typedSearchAttributes'>

/**
 * Whether a running job should have ended by its own doing a while ago. Its history tells its own deadline and whether it is in
 * quarantine; that is read when it is too old for a job that is submitted today.
 */
export async function isStuck(job: RunningJob, limits: StuckLimits, nowMs: number): Promise<boolean> {
  const { client, quarantineMs, stuckGraceMs } = limits
  const deadlineMs = hoursOf(job) * 3_600_000 * limits.deadlineFactor
  const late = (sinceMs: number, limitMs: number) => nowMs - sinceMs > limitMs + stuckGraceMs
  const startedMs = job.startTime.getTime()
  if (!late(startedMs, deadlineMs)) return false
  const setAside = job.typedSearchAttributes.get(attributeKeys.jobStatus) === 'quarantined'
  if (setAside && !late(startedMs, quarantineMs)) return false
  const { status, sinceMs, limitMs } = await readJobTimes(client, job)
  if (status === 'quarantined') return late(sinceMs, limitMs ?? quarantineMs)
  return late(sinceMs ?? startedMs, limitMs ?? deadlineMs)
}

function hoursOf({ typedSearchAttributes }: RunningJob): number {
  const type = typedSearchAttributes.get(attributeKeys.jobType)
  return isJobType(type) ? jobTypeRow(type).deadlineHours : 24
}
