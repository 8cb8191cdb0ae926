import type { PipelineContext } from './context.ts'
import { type JobSummary, summaryOf } from './jobSummary.ts'
import { jobsQuery, type ListFilter, parseFilter } from './listQuery.ts'
import { listUndelivered } from './listUndelivered.ts'
import { createSearch } from './search.ts'

export type List = (filter?: ListFilter) => Promise<JobSummary[]>

/**
 * Lists jobs, those that run first and then the latest to end, by one visibility query per call, and undelivered ones by as
 * many as it takes to find them; the same question within a second is answered from memory.
 */
export function createList(context: PipelineContext): List {
  const search = createSearch(context.client)
  return async given => {
    const filter = parseFilter(given ?? {})
    if (filter.undelivered) return listUndelivered(context, filter, search)
    return (await search.latest(jobsQuery(filter, context.queues.jobs), filter.limit)).map(summaryOf)
  }
}
