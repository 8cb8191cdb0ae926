import {
  defineSearchAttributeKey,
  type SearchAttributePair,
  SearchAttributeType,
  type TypedSearchAttributes,
} from '@temporalio/common'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD)

/** Typed keys of a job's search attributes. */
export const attributeKeys = {
  jobType: keyword(SEARCH_ATTRIBUTES.jobType),
  userId: keyword(SEARCH_ATTRIBUTES.userId),
  jobStatus: keyword(SEARCH_ATTRIBUTES.jobStatus),
  referenceMode: keyword(SEARCH_ATTRIBUTES.referenceMode),
  failureCode: keyword(SEARCH_ATTRIBUTES.failureCode),
  callbackStatus: keyword(SEARCH_ATTRIBUTES.callbackStatus),
} as const

/** Whose job it is and of which type, from the job's attributes: for a delivery of its callback, which may be remembered longer. */
export function ownerAttributes(job: TypedSearchAttributes): SearchAttributePair[] {
  return [attributeKeys.userId, attributeKeys.jobType].flatMap(key => {
    const value = job.get(key)
    return value === undefined ? [] : [{ key, value }]
  })
}
