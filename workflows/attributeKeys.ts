import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
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
