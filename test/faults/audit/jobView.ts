import { type Callback, readCallback } from './callbacks.ts'
import type { Received, Submission } from './evidence.ts'
import type { Evidence } from './readEvidence.ts'
import type { WorkflowRecord } from './workflow.ts'

/** One job as its witnesses saw it. */
export interface JobView {
  submission: Submission
  /** Its last run. */
  workflow: WorkflowRecord | null
  /** The workflow that delivers what the job could not. */
  delivery: WorkflowRecord | null
  /** What the app took over, in its order. */
  callbacks: Callback[]
  /** The first terminal one. */
  terminal: Callback | null
}

export function jobViews(evidence: Evidence): JobView[] {
  const callbacks = Map.groupBy(callbacksOf(evidence), ({ jobId }) => jobId)
  return evidence.submissions.map(submission => {
    const heard = callbacks.get(submission.jobId) ?? []
    return {
      submission,
      workflow: lastRun(evidence, `job-${submission.jobId}`),
      delivery: lastRun(evidence, `callback-${submission.jobId}`),
      callbacks: heard,
      terminal: heard.find(({ terminal }) => terminal) ?? null,
    }
  })
}

export function callbacksOf(evidence: Evidence): Callback[] {
  return takenOver(evidence)
    .flatMap(request => readCallback(request) ?? [])
    .toSorted((a, b) => a.at - b.at)
}

/** What the app took over and could make nothing of. */
export function unreadableOf(evidence: Evidence): Received[] {
  return takenOver(evidence).filter(request => readCallback(request) === null)
}

function takenOver({ received }: Evidence): Received[] {
  return received.filter(({ processed }) => processed)
}

function lastRun({ workflows }: Evidence, id: string): WorkflowRecord | null {
  return workflows
    .filter(({ workflowId }) => workflowId === id)
    .reduce<WorkflowRecord | null>(
      (last, next) => (last === null || next.startedMs > last.startedMs ? next : last),
      null,
    )
}
