import { metricMeter, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import type { FailureCode } from '../jobs/failures.ts'
import type { JobPlan } from '../jobs/plan.ts'
import type { CallbackStatus } from '../jobs/searchAttributes.ts'
import type { JobPhase, JobStatus } from '../jobs/status.ts'
import { attributeKeys } from './attributeKeys.ts'
import type { JobOutcome } from './types.ts'

/*
 * What a person sees of a job in the Web UI without opening a payload. No prompt, no address, no file name in any of it.
 */

/** Written by the workflow too, so that a job started by hand or by another client shows the same. */
export function showStarted(plan: JobPlan): void {
  const status: JobStatus = 'processing'
  // Prometheus sees no rise in a series that begins with its first event.
  jobsQuarantined.add(0)
  upsertSearchAttributes([
    { key: attributeKeys.jobStatus, value: status },
    { key: attributeKeys.jobType, value: plan.type },
    { key: attributeKeys.userId, value: plan.userId },
    { key: attributeKeys.referenceMode, value: plan.reference.mode },
  ])
}

export function showPhase(phase: JobPhase): void {
  setCurrentDetails(phase)
}

const jobsQuarantined = metricMeter.createCounter(
  'ourvidz_jobs_quarantined',
  '',
  'Jobs that killed the inference program again and again, and were set aside.',
)
const quarantinesEnded = metricMeter.createCounter(
  'ourvidz_quarantines_ended',
  '',
  'Jobs that left quarantine: released, or with the code that they ended with.',
)

export function showQuarantined(until: string): void {
  jobsQuarantined.add(1)
  setCurrentDetails(`quarantined until ${until}: release or reject it with \`ourvidz quarantine\``)
  showStatus('quarantined')
}

export function countQuarantineEnd(end: 'released' | FailureCode): void {
  quarantinesEnded.add(1, { end })
}

export function showReleased(): void {
  showStatus('processing')
}

function showStatus(value: JobStatus): void {
  upsertSearchAttributes([{ key: attributeKeys.jobStatus, value }])
}

const jobsEnded = metricMeter.createCounter(
  'ourvidz_jobs_ended',
  '',
  'Jobs that reached their terminal status.',
)

export function showOutcome(outcome: JobOutcome, delivery: CallbackStatus): void {
  const { failure, status, type } = outcome
  jobsEnded.add(1, { type: type ?? 'invalid', status, code: failure?.code ?? '' })
  setCurrentDetails(
    failure === null ? outcome.status : `${outcome.status}: ${failure.message} (${failure.code})`,
  )
  upsertSearchAttributes([
    { key: attributeKeys.jobStatus, value: outcome.status },
    { key: attributeKeys.callbackStatus, value: delivery },
    ...(failure === null ? [] : [{ key: attributeKeys.failureCode, value: failure.code }]),
  ])
}

/** Details cost no event of the history, a search attribute does. */
export function showDelivery(status: CallbackStatus, details: string): void {
  setCurrentDetails(details)
  if (workflowInfo().typedSearchAttributes.get(attributeKeys.callbackStatus) === status) return
  upsertSearchAttributes([{ key: attributeKeys.callbackStatus, value: status }])
}
