import type { TypedSearchAttributes } from '@temporalio/common'
import { type FailureCode, isFailureCode } from '../jobs/failures.ts'
import { isJobType, type JobType } from '../jobs/jobTypes.ts'
import type { ReferenceMode } from '../jobs/plan.ts'
import { CALLBACK_STATUSES, type CallbackStatus } from '../jobs/searchAttributes.ts'
import { JOB_STATUSES, type JobStatus } from '../jobs/status.ts'
import { attributeKeys } from '../workflows/attributeKeys.ts'

const REFERENCE_MODES: readonly ReferenceMode[] = ['none', 'single', 'start', 'end', 'both']

export interface JobAttributes {
  type: JobType | null
  userId: string | null
  status: JobStatus | null
  referenceMode: ReferenceMode | null
  failureCode: FailureCode | null
  callback: CallbackStatus | null
}

/** Reads a workflow's search attributes; anybody can write those, so a value that we do not know is null. */
export function readAttributes(attributes: TypedSearchAttributes): JobAttributes {
  const failureCode = attributes.get(attributeKeys.failureCode)
  const type = attributes.get(attributeKeys.jobType)
  return {
    type: isJobType(type) ? type : null,
    userId: attributes.get(attributeKeys.userId) ?? null,
    status: oneOf(JOB_STATUSES, attributes.get(attributeKeys.jobStatus)),
    referenceMode: oneOf(REFERENCE_MODES, attributes.get(attributeKeys.referenceMode)),
    failureCode: isFailureCode(failureCode) ? failureCode : null,
    callback: oneOf(CALLBACK_STATUSES, attributes.get(attributeKeys.callbackStatus)),
  }
}

function oneOf<T extends string>(allowed: readonly T[], value: string | undefined): T | null {
  return allowed.find(item => item === value) ?? null
}
