import type { Finding } from '../findings.ts'
import { overlap } from '../interval.ts'
import type { JobView } from '../jobView.ts'
import type { Evidence } from '../readEvidence.ts'

/** Codes that a lasting wish leads to by itself; one that no engine knows is refused. Nobody lets a quarantine expire. */
const BY_WISH: Readonly<Record<string, readonly string[]>> = {
  oom: ['out_of_memory'],
  cuda_error: ['gpu_error', 'poisoned'],
  model_missing: ['model_missing'],
  internal: ['engine_internal'],
  disk_full: ['disk_full'],
  crash: ['engine_crashed', 'poisoned'],
  kill: ['engine_crashed', 'poisoned'],
  hang: ['engine_silent', 'poisoned'],
  exit_0: ['engine_crashed', 'poisoned'],
  no_file: ['engine_output_invalid'],
  truncated: ['engine_output_invalid'],
  slow: [],
  flood: ['engine_crashed', 'engine_internal', 'poisoned'],
}
const REFUSED = ['engine_rejected']
/** What the last attempt of a job that no attempt can bring to its end may meet instead, if its host was hit. */
const BY_HIT = /^(engine_crashed|engine_silent|engine_output_invalid)$/
/** Of a wish that only some attempts act out: those after them must do. */
const PASSING = /:(once|twice|thrice)$/
const HIT = /^(gpu|engine|disk):/

/** How the harness says that the originals of a kind were away. The pipeline's own copies are no original. */
const AWAY = { url: /^url-/, path: /^path-gone\b(?!-)/ } as const

/** A line may be written a little after what it tells of; an answer may be lost, and asked for again. */
const LATE_MS = 5000

/**
 * A job fails only for a cause that somebody else has written down: who asked for its end, what its render acts out, or what was
 * away. Everything else must be ridden out, so that a code without a line here is never right in a run of faults.
 */
export function checkCauses(evidence: Evidence, jobs: readonly JobView[]): Finding[] {
  return jobs.flatMap((job): Finding[] => {
    const { terminal, submission } = job
    if (terminal?.status !== 'failed' || isCaused(evidence, job, terminal.errorType)) return []
    const wish = submission.wish ?? 'none'
    const detail = `${terminal.errorType ?? 'no code'} at ${new Date(terminal.at).toISOString()}; its wish: ${wish}`
    return [{ rule: 'failed-without-cause', jobId: submission.jobId, detail }]
  })
}

function isCaused(evidence: Evidence, job: JobView, code: string | null): boolean {
  switch (code) {
    case 'aborted':
    case 'canceled':
      return wasAsked(evidence, job, 'cancel')
    case 'terminated':
      return wasAsked(evidence, job, 'terminate')
    case 'quarantine_rejected':
      return wasAsked(evidence, job, 'reject')
    case 'reference_not_found':
    case 'reference_unreachable':
      return lostReference(evidence, job)
    case 'disk_full':
      return byWish(evidence, job, code) || wasHit(evidence, job, /^disk:/)
    case null:
      return false
    default:
      return byWish(evidence, job, code)
  }
}

/** One that was not carried out counts unless the job had ended: its answer may have been lost. */
function wasAsked({ actions }: Evidence, { submission, terminal }: JobView, asked: string): boolean {
  return actions.some(
    ({ kind, jobId, at, ok, detail }) =>
      kind === asked &&
      jobId === submission.jobId &&
      at <= (terminal?.at ?? Infinity) + LATE_MS &&
      (ok || !/^it was /.test(detail)),
  )
}

function byWish(evidence: Evidence, job: JobView, code: string): boolean {
  const { wish } = job.submission
  if (wish === null || PASSING.test(wish)) return false
  const codes = BY_WISH[wish] ?? REFUSED
  if (codes.includes(code)) return true
  return codes.length > 0 && BY_HIT.test(code) && wasHit(evidence, job, HIT)
}

function wasHit({ faults }: Evidence, { submission, terminal }: JobView, what: RegExp): boolean {
  return faults.some(
    ({ down, from, to }) =>
      down.some(name => what.test(name)) && overlap([from, to], [submission.at, terminal?.at ?? Infinity]),
  )
}

/** A picture that never was, or that was away while it was fetched. A job that may go without it does not fail for it. */
function lostReference({ faults }: Evidence, { submission, workflow, callbacks }: JobView): boolean {
  const { referenceKind, mayDropReference } = submission
  if (referenceKind === 'none' || mayDropReference) return false
  if (faults.some(({ target, kind }) => target === submission.jobId && kind === 'references-vanish'))
    return true
  if (callbacks.some(({ references }) => references.some(url => /\/gone-[^/]+$/.test(url)))) return true
  const fetches = (workflow?.activities ?? []).filter(({ name }) => name === 'fetchReferences')
  return fetches.some(({ scheduledMs, closedMs }) =>
    faults.some(
      ({ kind, detail, from, to }) =>
        kind === 'references-vanish' &&
        AWAY[referenceKind].test(detail) &&
        overlap([from, to], [scheduledMs, closedMs ?? Infinity]),
    ),
  )
}
