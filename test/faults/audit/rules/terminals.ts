import type { Finding } from '../findings.ts'
import { callbacksOf, type JobView, unreadableOf } from '../jobView.ts'
import type { Evidence } from '../readEvidence.ts'

/** Workflows that come and go by themselves, whatever becomes of jobs. */
const NOT_OF_JOBS = /^(reconcileJobsWorkflow|temporal-sys-|cardCommandWorkflow)/

/**
 * Every job has exactly one terminal event, and Temporal and the app agree on it. The same event twice is at-least-once
 * delivery, and counted elsewhere. `processing` after the terminal event is forgiven only if that came once more later, as
 * docs/integration.md promises. Only what the app took over counts: a request that was refused or cut off before tells it nothing.
 */
export function checkTerminals(evidence: Evidence, jobs: readonly JobView[]): Finding[] {
  return [
    ...jobs.flatMap(job => checkJob(job)),
    ...checkStrangers(evidence, jobs),
    ...checkReadable(evidence),
    ...checkOpen(evidence),
  ]
}

function checkJob({ submission, workflow, callbacks, terminal }: JobView): Finding[] {
  const found: Finding[] = []
  const { jobId } = submission
  const add = (rule: Finding['rule'], detail: string) => found.push({ rule, jobId, detail })
  if (workflow === null) add('job-lost', 'no workflow has its id')
  if (terminal === null) {
    add('no-terminal', `its workflow is ${workflow?.status ?? 'not there'}`)
    return found
  }
  const terminals = callbacks.filter(callback => callback.terminal)
  const statuses = new Set(terminals.map(({ status }) => status))
  const ids = new Set(terminals.map(({ eventId }) => eventId))
  if (statuses.size > 1) add('contradicted', `${terminals.map(({ status }) => status).join(', then ')}`)
  else if (ids.size > 1) add('two-terminals', `${terminal.status} as ${[...ids].join(' and ')}`)
  const last = callbacks.at(-1)
  if (last !== undefined && !last.terminal)
    add('contradicted', `${terminal.status}, and ${last.status} as the last word`)

  for (const [id, events] of Map.groupBy(callbacks, ({ eventId }) => eventId)) {
    const sameStatus = new Set(events.map(({ status }) => status)).size === 1
    if (sameStatus && new Set(events.map(({ body }) => body)).size > 1)
      add('event-changed', `${id} had ${events.length} deliveries that differ`)
  }
  if (workflow !== null) {
    const disagreement = disagreementOf(workflow, terminal)
    if (disagreement !== null) add('witnesses-disagree', disagreement)
  }
  return found
}

/** A workflow that was ended by force may have told the app before. */
function disagreementOf(
  workflow: NonNullable<JobView['workflow']>,
  { status, errorType }: NonNullable<JobView['terminal']>,
): string | null {
  const words = `Temporal: ${workflow.status} ${workflow.failureType ?? ''}; the app: ${status} ${errorType ?? ''}`
  switch (workflow.status) {
    case 'COMPLETED':
      return status === 'completed' ? null : words
    case 'FAILED':
      return status === 'failed' && errorType === workflow.failureType ? null : words
    case 'CANCELED':
      return status === 'failed' && /^(aborted|canceled)$/.test(errorType ?? '') ? null : words
    case 'TERMINATED':
    case 'TIMED_OUT':
      return null
    // That it has not ended is told for itself.
    case 'RUNNING':
      return null
    default:
      return words
  }
}

function checkStrangers(evidence: Evidence, jobs: readonly JobView[]): Finding[] {
  const known = new Set(jobs.map(({ submission }) => submission.jobId))
  const told = callbacksOf(evidence).map(({ jobId }) => jobId)
  const ran = evidence.workflows.flatMap(({ workflowId }) => /^job-(.+)$/.exec(workflowId)?.[1] ?? [])
  return [...new Set([...told, ...ran])]
    .filter(jobId => !known.has(jobId))
    .map(jobId => ({ rule: 'job-unknown', jobId, detail: 'nobody submitted it' }))
}

function checkReadable(evidence: Evidence): Finding[] {
  return unreadableOf(evidence).map(({ at, body }) => ({
    rule: 'callback-unreadable',
    jobId: null,
    detail: `${new Date(at).toISOString()}: ${JSON.stringify(body.slice(0, 200))}`,
  }))
}

function checkOpen({ workflows }: Evidence): Finding[] {
  return workflows
    .filter(({ status, type }) => status === 'RUNNING' && !NOT_OF_JOBS.test(type))
    .map(({ workflowId, type }) => ({
      rule: 'not-ended',
      jobId: /^[a-z-]*?-?([0-9a-f]{8}-.+)$/.exec(workflowId)?.[1] ?? null,
      detail: `${type} ${workflowId}`,
    }))
}
