import { busyHosts, hostFaults, ownWork } from '../busyHosts.ts'
import { type Drawing, drawingsOf } from '../drawings.ts'
import type { Finding } from '../findings.ts'
import { type Interval, intersection, uncovered } from '../interval.ts'
import type { JobView } from '../jobView.ts'
import { needsOf, openIn } from '../needs.ts'
import type { Evidence } from '../readEvidence.ts'
import type { TimerRecord } from '../workflow.ts'

/** Before they are scaled. Idle: more than the heartbeat time-out and a pause between attempts. */
const IDLE_MS = 60_000
/** What a slow machine may take besides, which no scale makes quicker. */
const SLOWNESS_MS = 10_000
/** An attempt whose worker died unheard lasts until its time-out (5 minutes), and the next may have a minute's pause before it. */
const RECOVERY_MS = 390_000
const RENDER_MS = 600_000
/** Longest pause that a workflow makes between two tries of a delivery; what is longer is a deadline. */
const LONGEST_PAUSE_MS = 15 * 60_000

interface World {
  evidence: Evidence
  bounds: { idleMs: number; recoveryMs: number; renderMs: number; pauseMs: number }
  busy: Map<string, Interval[]>
  drawings: Map<string, Drawing[]>
  receipts: Map<string, number[]>
}

/**
 * From submission to the end of its delivery no job goes without any sign of life for longer than the bound, but for time in
 * which something that it needed was down or getting up again, every card was taken, its own program was at it, it paused
 * between tries, or it was in quarantine. A stretch begins and ends with anything that a witness saw of the job.
 */
export function checkIdleness(evidence: Evidence, jobs: readonly JobView[]): Finding[] {
  const { scale, bounds } = evidence.run
  const recoveryMs = bounds.recoveryMs ?? RECOVERY_MS * scale
  const world: World = {
    evidence,
    bounds: {
      idleMs: bounds.idleMs ?? IDLE_MS * scale + SLOWNESS_MS,
      recoveryMs,
      renderMs: bounds.renderMs ?? RENDER_MS * scale,
      pauseMs: LONGEST_PAUSE_MS * scale,
    },
    busy: busyHosts(evidence, recoveryMs),
    drawings: Map.groupBy(drawingsOf(evidence), ({ id }) => id.replace(/^enhance-/, '')),
    receipts: new Map(
      [...Map.groupBy(evidence.receipts, ({ jobId }) => jobId)].map(([jobId, lines]) => [
        jobId,
        lines.map(({ mtime }) => mtime),
      ]),
    ),
  }
  return jobs.flatMap(job => checkJob(world, job))
}

function checkJob(world: World, job: JobView): Finding[] {
  const { jobId } = job.submission
  const marks = signsOf(world, job)
  return marks.slice(1).flatMap((to, index): Finding[] => {
    const stretch: Interval = [marks[index] ?? to, to]
    if (stretch[1] - stretch[0] <= world.bounds.idleMs) return []
    const left = uncovered(stretch, excusesOf(world, job, stretch))
    const worst = left.toSorted((a, b) => b[1] - b[0] - (a[1] - a[0]))[0]
    if (worst === undefined || worst[1] - worst[0] <= world.bounds.idleMs) return []
    const open = openOf(job, stretch).map(({ name }) => name)
    const during = open.length === 0 ? 'no activity open' : open.join(', ')
    const seconds = ((worst[1] - worst[0]) / 1000).toFixed(1)
    const bound = (world.bounds.idleMs / 1000).toFixed(1)
    const detail = `${seconds} s from ${new Date(worst[0]).toISOString()} (bound ${bound} s), ${during}`
    return [{ rule: 'idle', jobId, detail }]
  })
}

/**
 * Everything that any witness saw of a job, in order, until it had ended and the app knew. That it never ended, or the app
 * never knew, is told for itself.
 */
function signsOf(world: World, { submission, workflow, delivery, callbacks, terminal }: JobView): number[] {
  if (workflow === null) return []
  const end = Math.max(workflow.closedMs ?? Infinity, terminal?.at ?? Infinity)
  const drawn = (world.drawings.get(submission.jobId) ?? []).flatMap(({ begunMs, turns, endedMs }) => [
    ...[begunMs, endedMs],
    ...turns.flat(),
  ])
  return [
    workflow.startedMs,
    ...[...workflow.eventsMs, ...(delivery?.eventsMs ?? []), ...drawn],
    ...callbacks.map(({ at }) => at),
    ...(world.receipts.get(submission.jobId) ?? []),
  ]
    .filter(atMs => atMs >= workflow.startedMs && atMs <= end)
    .toSorted((a, b) => a - b)
}

function openOf({ workflow, delivery }: JobView, stretch: Interval) {
  return openIn([...(workflow?.activities ?? []), ...(delivery?.activities ?? [])], stretch)
}

function excusesOf(world: World, job: JobView, stretch: Interval): Interval[] {
  const { evidence, bounds, busy } = world
  const open = openOf(job, stretch)
  const { services, card, hosts } = needsOf(open)
  const drawings = world.drawings.get(job.submission.jobId) ?? []
  const atHosts = new Set([...hosts, ...drawings.map(({ host }) => host)])
  const outages = evidence.faults
    .filter(({ down }) => down.some(name => services.includes(name)))
    .map(({ from, to }): Interval => [from, to + bounds.recoveryMs])
  const hit = [...atHosts].flatMap(host => hostFaults(evidence, host, bounds.recoveryMs))
  // A job may have been given to a host that never began it: that host is heard of no more until the attempt times out.
  const unheard = card
    ? evidence.faults
        .filter(({ down }) => down.some(name => /^(gpu|engine|disk):/.test(name)))
        .map(({ from }): Interval => [from, from + bounds.recoveryMs])
    : []
  const queued = card ? intersection([...busy.values()], stretch) : []
  const pauses = open.length === 0 ? pausesOf(job, bounds.pauseMs) : []
  return [
    ...[...outages, ...hit, ...unheard, ...queued, ...pauses],
    ...ownWork(drawings, bounds.renderMs),
    ...quarantineOf(job, stretch[1]),
  ]
}

function pausesOf({ workflow, delivery }: JobView, longestMs: number): Interval[] {
  const timers: TimerRecord[] = [...(workflow?.timers ?? []), ...(delivery?.timers ?? [])]
  return timers
    .filter(({ lastsMs }) => lastsMs <= longestMs)
    .map(({ startedMs, lastsMs }) => [startedMs, startedMs + lastsMs])
}

/** It waits for an operator, for days if need be. */
function quarantineOf({ workflow }: JobView, endMs: number): Interval[] {
  const statuses = workflow?.statuses ?? []
  return statuses.flatMap(({ atMs, status }, index): Interval[] =>
    status === 'quarantined' ? [[atMs, statuses[index + 1]?.atMs ?? endMs]] : [],
  )
}
