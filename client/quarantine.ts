import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import {
  LONGEST_NOTE,
  QUARANTINE,
  type QuarantineAnswer,
  type QuarantineOrder,
  type QuarantineState,
} from '../jobs/quarantine.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import type { PipelineContext } from './context.ts'
import { InvalidArgumentError, NotQuarantinedError, ServerUnreachableError } from './errors.ts'
import { findJob } from './get.ts'
import { parseUuid } from './jobId.ts'
import { isRunning } from './jobState.ts'
import type { JobSummary } from './jobSummary.ts'
import type { List } from './list.ts'
import { outcomeOf } from './outcome.ts'
import { callServer, serverError } from './server.ts'

/** A job in quarantine, or one that was. `JobSummary` has what the index tells of it. */
export interface QuarantineView extends QuarantineState {
  jobId: string
}

export interface QuarantineResult {
  jobId: string
  /** False when the same had been decided before; then nothing was done. */
  changed: boolean
}

export interface RejectOptions {
  /** Who and why: kept in the job's history, and told in the failure's detail. 500 characters at most. */
  note?: string
}

export interface ReleaseOptions extends RejectOptions {
  /** Have it rendered alone and in low-memory mode from the first attempt on. */
  lowMemory?: boolean
}

/**
 * Jobs that killed the inference program again and again, and wait for an operator. `show`, `release` and `reject` need a
 * control worker that runs; they throw JobNotFoundError and NotQuarantinedError. Doing a thing twice changes nothing more.
 */
export interface QuarantineControl {
  /** Latest first. */
  list(filter?: { limit?: number }): Promise<JobSummary[]>
  show(jobId: string): Promise<QuarantineView>
  /** The job begins anew: its deaths are forgotten, and its deadline counts from now. */
  release(jobId: string, options?: ReleaseOptions): Promise<QuarantineResult>
  /** The job fails with `quarantine_rejected`. */
  reject(jobId: string, options?: RejectOptions): Promise<QuarantineResult>
}

/** How long a control worker may take to carry out a decision. */
const ANSWER_MS = 15_000

export function quarantineControl(context: PipelineContext, list: List): QuarantineControl {
  return {
    list: ({ limit } = {}) => list({ status: 'quarantined', ...(limit === undefined ? {} : { limit }) }),
    show: jobId => show(context, jobId),
    async release(jobId, { note, lowMemory = false } = {}) {
      return decide(context, 'release', jobId, { ...orderOf(note), lowMemory })
    },
    async reject(jobId, { note } = {}) {
      return decide(context, 'reject', jobId, orderOf(note))
    },
  }
}

function orderOf(note = ''): QuarantineOrder {
  const said = note.trim()
  if (said.length > LONGEST_NOTE)
    throw new InvalidArgumentError(`The note may have ${LONGEST_NOTE} characters at most.`)
  return { note: said === '' ? null : said }
}

async function show(context: PipelineContext, jobId: string): Promise<QuarantineView> {
  const id = parseUuid(jobId, 'The job id')
  await findJob(context, id)
  const handle = context.client.workflow.getHandle(workflowIds.job(id))
  const state = await callServer(context.client, () => handle.query<QuarantineState>(QUARANTINE.state))
  if (state.why === null) throw new NotQuarantinedError(id)
  return { jobId: id, ...state }
}

async function decide(
  context: PipelineContext,
  what: 'release' | 'reject',
  jobId: string,
  order: QuarantineOrder,
): Promise<QuarantineResult> {
  const id = parseUuid(jobId, 'The job id')
  const job = await findJob(context, id)
  try {
    if (!isRunning(job)) throw new NotQuarantinedError(id)
    return { jobId: id, ...(await update(context, what, id, order)) }
  } catch (error) {
    const ended = error instanceof WorkflowNotFoundError || error instanceof NotQuarantinedError
    if (!ended) throw error
    // A rejection ends the job, so that the same once more finds it closed.
    if (what === 'reject' && (await wasRejected(context, id))) return { jobId: id, changed: false }
    throw new NotQuarantinedError(id)
  }
}

async function update(
  { client }: PipelineContext,
  what: 'release' | 'reject',
  jobId: string,
  order: QuarantineOrder,
): Promise<QuarantineAnswer> {
  const handle = client.workflow.getHandle(workflowIds.job(jobId))
  try {
    return await client.withDeadline(Date.now() + ANSWER_MS, () =>
      handle.executeUpdate<QuarantineAnswer, [QuarantineOrder]>(QUARANTINE[what], { args: [order] }),
    )
  } catch (error) {
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new ServerUnreachableError(
        'No control worker carried it out in time. Try again: doing it twice changes nothing more.',
        { cause: error },
      )
    }
    const refused = error instanceof WorkflowUpdateFailedError ? error.cause : null
    if (refused instanceof ApplicationFailure && refused.type === QUARANTINE.refused)
      throw new NotQuarantinedError(jobId)
    throw serverError(error)
  }
}

async function wasRejected(context: PipelineContext, jobId: string): Promise<boolean> {
  const job = await findJob(context, jobId)
  if (isRunning(job)) return false
  return (await outcomeOf(context, jobId, job)).failure?.code === 'quarantine_rejected'
}
