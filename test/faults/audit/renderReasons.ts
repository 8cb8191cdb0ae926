import { type Drawing, livesOf } from './drawings.ts'
import type { Interval } from './interval.ts'
import { overlap, union } from './interval.ts'
import type { JobView } from './jobView.ts'
import { hostOfQueue } from './needs.ts'
import type { Evidence } from './readEvidence.ts'

/**
 * Why a job may be drawn once more, and what must show it. Nothing else is allowed, above all not "another machine was
 * free".
 */
export const REASONS = {
  'attempt failed':
    'the engine’s log ends the earlier attempt with `failed` or `cancelled`, and no receipt was seen',
  'program died':
    'the earlier attempt has no end in the engine’s log, its program wrote nothing afterwards, and no receipt was seen',
  'output refused':
    'the job’s wish was to make no file, half of one, or noise for which its program is ended; no receipt was seen',
  'program died before its word came':
    'the earlier attempt was done by the engine’s log, no receipt was seen, and its program wrote nothing more, not even its orderly end: what it had said last was never read',
  'worker died before the receipt':
    'the earlier attempt was done, no receipt was seen, and its worker or disk was down between the two',
  'host lost':
    'Temporal’s history has a time-out of the queue of the host that had the files, or was at it, the host was retired, or down in that time and began nothing afterwards, and its program was no longer at it',
  'cut off for longer than a host counts as lost':
    'the same, and its program was still at it, as nobody could know: its worker was down for as long as a host may be silent',
  'files lost':
    'Temporal’s history has an upload that failed with `render_lost`, and the disk of the host was full since the receipt',
  released: 'an operator had released the job from quarantine in between',
  'plan changed':
    'another plan hash, once: a render failed with `model_missing` or `staged_lost` in the history, and the payload lets the reference go',
} as const
export type Reason = keyof typeof REASONS

/** Clocks are one machine’s; a line may be written a little after what it tells. */
const SLACK_MS = 50
const LATE_FAULT_MS = 1000
/** HOST_LOST_SECONDS where a run does not tell it, before it is scaled. */
const HOST_LOST_MS = 300_000

export interface Pair {
  job: JobView
  earlier: Drawing
  later: Drawing
  /** Whether a receipt of the same plan existed when the later one got the card, as the watcher or Temporal knows. */
  receiptMs: number | null
}

/** The reason that allows `later`, or null. */
export function reasonOf(pair: Pair, evidence: Evidence): Reason | null {
  const { job, earlier, later, receiptMs } = pair
  const between: Interval = [earlier.begunMs, later.begunMs]
  if (evidence.actions.some(action => isRelease(action, job, between))) return 'released'
  if (earlier.planHash !== later.planHash) return planChanged(job, later) ? 'plan changed' : null
  const alive = isAlive(pair, evidence)
  if (hostLost(pair, evidence)) {
    if (!alive) return 'host lost'
    return wasCutOff(pair, evidence) ? 'cut off for longer than a host counts as lost' : null
  }
  if (alive) return null
  if (receiptMs !== null) return filesLost(pair, evidence, receiptMs) ? 'files lost' : null
  if (earlier.end === 'failed' || earlier.end === 'cancelled') return 'attempt failed'
  if (earlier.end === null) return 'program died'
  if (/^(no_file|truncated|flood)/.test(job.submission.wish ?? '')) return 'output refused'
  if (isLastWord(earlier, evidence)) return 'program died before its word came'
  const since: Interval = [earlier.endedMs - LATE_FAULT_MS, later.begunMs]
  return isDown(evidence, [`gpu:${earlier.host}`, `disk:${earlier.host}`], since)
    ? 'worker died before the receipt'
    : null
}

/**
 * Whether the program of the earlier attempt was still at it when the later one got the card. An engine that hangs writes
 * nothing, so that one which is left alive is seen only when it writes again, or as a process that is left at the end.
 */
export function isAlive({ earlier, later }: Pair, { engines }: Evidence): boolean {
  const drawnMs = later.drawnMs ?? later.begunMs
  if (earlier.endedMs > drawnMs + SLACK_MS) return true
  if (earlier.end !== null) return false
  // Its program lives on and has not let go of it.
  return (engines.get(earlier.host) ?? []).some(
    ({ pid, at }) => pid === earlier.pid && at > drawnMs + SLACK_MS && earlier.pid !== later.pid,
  )
}

/** One that hangs or dies at once has written to its log what its parent never read. */
function isLastWord({ host, pid, begunMs, endedMs }: Drawing, evidence: Evidence): boolean {
  return livesOf(evidence).some(
    life =>
      life.host === host &&
      life.pid === pid &&
      life.startedMs <= begunMs &&
      life.endedMs >= endedMs &&
      life.endedMs <= endedMs + SLACK_MS &&
      !life.orderly,
  )
}

function isRelease(
  { kind, ok, jobId, at }: Evidence['actions'][number],
  { submission }: JobView,
  [from, to]: Interval,
): boolean {
  return kind === 'release' && ok && jobId === submission.jobId && at >= from && at <= to + LATE_FAULT_MS
}

function planChanged({ submission, workflow }: JobView, later: Drawing): boolean {
  const failed = (workflow?.activities ?? []).some(
    ({ name, failureType, closedMs }) =>
      name === 'generate' &&
      /^(model_missing|staged_lost)$/.test(failureType ?? '') &&
      (closedMs ?? Infinity) <= later.begunMs,
  )
  return failed && submission.mayDropReference
}

function hostLost({ job, earlier, later }: Pair, evidence: Evidence): boolean {
  const retiredAt = evidence.run.hosts.find(({ hostId }) => hostId === earlier.host)?.retiredAt ?? null
  return (job.workflow?.activities ?? []).some(({ queue, failureType, scheduledMs, closedMs }) => {
    const silent = failureType === 'SCHEDULE_TO_START' && hostOfQueue(queue) === earlier.host
    if (!silent || closedMs === null || closedMs > later.begunMs + SLACK_MS) return false
    if (retiredAt !== null && retiredAt <= closedMs) return true
    const outages = evidence.faults
      .filter(({ down }) => down.includes(`gpu:${earlier.host}`))
      .filter(({ from, to }) => overlap([from, to], [scheduledMs - LATE_FAULT_MS, closedMs]))
    const backMs = Math.max(...outages.map(({ to }) => to))
    return outages.length > 0 && !beganIn(evidence, earlier.host, [backMs, closedMs - LATE_FAULT_MS])
  })
}

/** Whether the worker was cut off, without a break, for as long as a host may be silent, before another began. */
function wasCutOff({ earlier, later }: Pair, { faults, run }: Evidence): boolean {
  const longestMs = run.bounds.hostLostMs ?? HOST_LOST_MS * run.scale
  const drawnMs = later.drawnMs ?? later.begunMs
  const outages = faults
    .filter(({ kind, down }) => kind.startsWith('cut-off-') && down.includes(`gpu:${earlier.host}`))
    .map(({ from, to }): Interval => [from, Math.min(to, drawnMs)])
  return union(outages).some(([from, to]) => to - from >= longestMs && to >= earlier.begunMs)
}

/** A host that takes up other work is not lost. */
function beganIn(evidence: Evidence, host: string, [from, to]: Interval): boolean {
  const lines = evidence.engines.get(host) ?? []
  return lines.some(({ event, at }) => event === 'begun' && at > from && at < to)
}

function filesLost({ job, earlier, later }: Pair, evidence: Evidence, receiptMs: number): boolean {
  const told = (job.workflow?.activities ?? []).some(
    ({ name, failureType, closedMs }) =>
      name === 'uploadAssets' &&
      failureType === 'render_lost' &&
      closedMs !== null &&
      closedMs <= later.begunMs,
  )
  return told && isDown(evidence, [`disk:${earlier.host}`], [receiptMs - LATE_FAULT_MS, later.begunMs])
}

function isDown({ faults }: Evidence, what: readonly string[], when: Interval): boolean {
  return faults.some(
    ({ down, from, to }) => down.some(name => what.includes(name)) && overlap([from, to], when),
  )
}
