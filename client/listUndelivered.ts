import { workflowIds } from '../jobs/workflowIds.ts'
import { statusClient } from '../runtime/statusClient.ts'
import type { PipelineContext } from './context.ts'
import { JobNotFoundError } from './errors.ts'
import { findJob } from './get.ts'
import { isUuid } from './jobId.ts'
import { type JobSummary, summaryOf } from './jobSummary.ts'
import { deliveryOf } from './jobView.ts'
import { type ParsedFilter, undeliveredQuery } from './listQuery.ts'
import type { Search } from './search.ts'

const MOST_DELIVERIES = 1000
const CONCURRENT_LOOKS = 8

/**
 * The index knows every delivery that was ever given up, those delivered since included; so each job is looked at once.
 * Such looks are no visibility queries.
 */
export async function listUndelivered(
  context: PipelineContext,
  filter: ParsedFilter,
  search: Search,
): Promise<JobSummary[]> {
  const deliveries = await search(undeliveredQuery(context.queues.jobs), MOST_DELIVERIES)
  const ids = deliveries.map(({ workflowId }) => workflowId.slice(workflowIds.callback('').length))
  const waiting = [...new Set(ids)].filter(isUuid)
  const found: JobSummary[] = []
  const { connection, options } = context.client
  // A job whose key is gone is listed as well: it is one that somebody has to see to.
  const looking = { ...context, client: statusClient(connection, options.namespace) }
  while (waiting.length > 0 && found.length < filter.limit) {
    const looks = waiting.splice(0, CONCURRENT_LOOKS).map(jobId => look(looking, jobId))
    for (const job of await Promise.all(looks)) {
      if (job !== null && job.callback === 'undelivered' && passes(job, filter)) found.push(job)
    }
  }
  return found.slice(0, filter.limit)
}

function passes(job: JobSummary, { status, type, userId }: ParsedFilter): boolean {
  return (
    (status === null || job.status === status) &&
    (type === null || job.type === type) &&
    (userId === null || job.userId === userId)
  )
}

async function look(context: PipelineContext, jobId: string): Promise<JobSummary | null> {
  try {
    const summary = summaryOf(await findJob(context, jobId))
    return { ...summary, callback: await deliveryOf(context, jobId, summary.callback) }
  } catch (error) {
    if (error instanceof JobNotFoundError) return null
    throw error
  }
}
