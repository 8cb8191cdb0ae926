import { isJobType, type JobType } from '../jobs/jobTypes.ts'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import { JOB_STATUSES, type JobStatus } from '../jobs/status.ts'
import { WORKFLOW_TYPES } from '../jobs/temporalNames.ts'
import { InvalidArgumentError } from './errors.ts'
import { parseUuid } from './jobId.ts'

export interface ListFilter {
  status?: JobStatus
  type?: JobType
  userId?: string
  /**
   * Only jobs whose terminal callback was given up: deliver those again with `redeliver`. Except with `status` also jobs past
   * the namespace's retention, of which little more than their id is left.
   */
  undelivered?: boolean
  /** 1 to 1000; 50 by default. */
  limit?: number
}

export interface ParsedFilter {
  status: JobStatus | null
  type: JobType | null
  userId: string | null
  undelivered: boolean
  limit: number
}

export const MAX_LIMIT = 1000
const DEFAULT_LIMIT = 50

/** Values that come from outside end in a query, so nothing but known words and UUIDs passes. Throws InvalidArgumentError. */
export function parseFilter({
  status,
  type,
  userId,
  undelivered = false,
  limit = DEFAULT_LIMIT,
}: ListFilter): ParsedFilter {
  if (status !== undefined && !JOB_STATUSES.includes(status)) {
    throw new InvalidArgumentError(
      `There is no status ${quoted(status)}. Statuses: ${JOB_STATUSES.join(', ')}.`,
    )
  }
  if (type !== undefined && !isJobType(type))
    throw new InvalidArgumentError(`There is no job type ${quoted(type)}.`)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new InvalidArgumentError(`The limit must be a whole number from 1 to ${MAX_LIMIT}.`)
  }
  return {
    status: status ?? null,
    type: type ?? null,
    userId: userId === undefined ? null : parseUuid(userId, 'The user id'),
    undelivered,
    limit,
  }
}

function quoted(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? 'undefined'
}

const { jobStatus, jobType, userId: userIdAttribute, callbackStatus } = SEARCH_ATTRIBUTES

/** A killed job still bears the status it had, so the state of the workflow decides first. */
const BY_STATUS: Record<JobStatus, string> = {
  queued: `ExecutionStatus = 'Running' AND ${jobStatus} = 'queued'`,
  processing: `ExecutionStatus = 'Running' AND ${jobStatus} != 'queued' AND ${jobStatus} != 'quarantined'`,
  quarantined: `ExecutionStatus = 'Running' AND ${jobStatus} = 'quarantined'`,
  completed: `ExecutionStatus = 'Completed'`,
  failed: `ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')`,
  aborted: `ExecutionStatus = 'Canceled' AND ${jobStatus} = 'aborted'`,
  canceled: `ExecutionStatus = 'Canceled' AND ${jobStatus} != 'aborted'`,
}

export function jobsQuery(filter: ParsedFilter, jobsQueue: string): string {
  return [
    `WorkflowType = '${WORKFLOW_TYPES.generateMedia}'`,
    `TaskQueue = '${jobsQueue}'`,
    ...(filter.status === null ? [] : [BY_STATUS[filter.status]]),
    ...(filter.type === null ? [] : [`${jobType} = '${filter.type}'`]),
    ...(filter.userId === null ? [] : [`${userIdAttribute} = '${filter.userId}'`]),
  ].join(' AND ')
}

/** Deliveries that were given up, or killed. A later delivery of the same job is not told apart here. */
export function undeliveredQuery(jobsQueue: string): string {
  return [
    `WorkflowType = '${WORKFLOW_TYPES.deliverCallback}'`,
    `TaskQueue = '${jobsQueue}'`,
    `(${callbackStatus} = 'undelivered' OR ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut', 'Canceled'))`,
  ].join(' AND ')
}
