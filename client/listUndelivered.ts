import type { WorkflowExecutionDescription } from '@temporalio/client'
import { workflowIds } from '../jobs/workflowIds.ts'
import { orNull } from '../runtime/orNull.ts'
import { statusClient } from '../runtime/statusClient.ts'
import { readAttributes } from './attributes.ts'
import type { PipelineContext } from './context.ts'
import { isUuid } from './jobId.ts'
import { describeJob } from './jobState.ts'
import { type JobSummary, summaryOf } from './jobSummary.ts'
import { describeDelivery, statusOfDelivery } from './jobView.ts'
import { type ParsedFilter, undeliveredQuery } from './listQuery.ts'
import type { Search } from './search.ts'

const CONCURRENT_LOOKS = 8

/**
 * The index knows every delivery that was ever given up, those delivered since included; so all are gone through until the
 * limit is reached, and each job is looked at once. Such looks are no visibility queries.
 */
export async function listUndelivered(
  context: PipelineContext,
  filter: ParsedFilter,
  search: Search,
): Promise<JobSummary[]> {
  const found: JobSummary[] = []
  const seen = new Set<string>()
  const { connection, options } = context.client
  // A job whose key is gone is listed as well: it is one that somebody has to see to.
  const looking = { ...context, client: statusClient(connection, options.namespace) }
  for await (const page of search.ids(undeliveredQuery(context.queues.jobs))) {
    const ids = page.map(workflowId => workflowId.slice(workflowIds.callback('').length))
    const waiting = [...new Set(ids)].filter(id => isUuid(id) && !seen.has(id))
    for (const id of waiting) seen.add(id)
    while (waiting.length > 0) {
      const looks = waiting.splice(0, CONCURRENT_LOOKS).map(jobId => look(looking, jobId))
      for (const job of await Promise.all(looks)) if (job !== null && passes(job, filter)) found.push(job)
      if (found.length >= filter.limit) return found.slice(0, filter.limit)
    }
  }
  return found
}

function passes(job: JobSummary, { status, type, userId }: ParsedFilter): boolean {
  return (
    (status === null || job.status === status) &&
    (type === null || job.type === type) &&
    (userId === null || job.userId === userId)
  )
}

/** The job, if its latest delivery was given up; null otherwise. */
async function look(context: PipelineContext, jobId: string): Promise<JobSummary | null> {
  const delivery = await orNull(describeDelivery(context, jobId))
  if (delivery === null || statusOfDelivery(delivery) !== 'undelivered') return null
  const job = await orNull(describeJob(context, jobId))
  if (job === null) return forgotten(jobId, delivery)
  const summary = summaryOf(job)
  const isSettled = summary.callback === 'none' || summary.callback === 'delivered'
  return isSettled ? null : { ...summary, callback: 'undelivered' }
}

/** A job ends before its delivery does, and so is forgotten before it. */
function forgotten(jobId: string, delivery: WorkflowExecutionDescription): JobSummary {
  const { type, userId } = readAttributes(delivery.typedSearchAttributes)
  return {
    ...{ jobId, status: null, type, userId, referenceMode: null, failureCode: null },
    callback: 'undelivered',
    createdAt: delivery.startTime,
    closedAt: delivery.startTime,
  }
}
