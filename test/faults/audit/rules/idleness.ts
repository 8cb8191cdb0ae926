import { drawnOn, hostsOfWorkers, mayHaveHad } from '../attemptHosts.ts'
import { busyHosts, hostHits, ownWork, type Recovery, unheardHits } from '../busyHosts.ts'
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

const EXCUSES = [
  'service away',
  'its host hit',
  'given to a host that was hit',
  'every card taken or away',
  'in line at a host',
  'its own program at work',
  'pause between tries',
  'quarantine',
  'delivery given up',
] as const
type Excuse = (typeof EXCUSES)[number]

/** How much of the jobs' time the rule could not look at. */
export interface Idleness {
  findings: Finding[]
  /** The bound, and all time of all jobs from submission to the end of their delivery. */
  idleMs: number
  jobMs: number
  /** Of it, what lay under any excuse: whatever went wrong there was not seen. */
  excusedMs: number
  /** The same for each excuse; several may cover the same time. */
  byExcuse: Partial<Record<Excuse, number>>
  /** Of it, what needed its excuse: within silences longer than the bound. */
  neededMs: number
}

interface World {
  evidence: Evidence
  bounds: { idleMs: number; renderMs: number; pauseMs: number }
  recovery: Recovery
  hostOf: Map<string, string>
  hit: Map<string, Interval[]>
  busy: Map<string, Interval[]>
  drawings: Map<string, Drawing[]>
  receipts: Map<string, number[]>
}

/**
 * From submission to the end of its delivery no job goes without any sign of life for longer than the bound, but for time in
 * which something that it needed was down or getting up again, every card was taken, a host had taken it and drew another of
 * its lane, its own program was at it, it paused between tries, or it was in an operator's hands. A stretch begins and ends with anything that a witness saw of the job.
 */
export function checkIdleness(evidence: Evidence, jobs: readonly JobView[]): Idleness {
  const { scale, bounds } = evidence.run
  const idleMs = bounds.idleMs ?? IDLE_MS * scale + SLOWNESS_MS
  const deathMs = bounds.recoveryMs ?? RECOVERY_MS * scale
  // Nothing has to time out after it.
  const recovery: Recovery = { deathMs, restartMs: Math.min(deathMs, idleMs) }
  const hit = hostHits(evidence, recovery)
  const world: World = {
    evidence,
    bounds: {
      idleMs,
      renderMs: bounds.renderMs ?? RENDER_MS * scale,
      pauseMs: LONGEST_PAUSE_MS * scale,
    },
    ...{ recovery, hit, hostOf: hostsOfWorkers(evidence) },
    busy: busyHosts(evidence, hit, recovery),
    drawings: Map.groupBy(drawingsOf(evidence), ({ id }) => id.replace(/^enhance-/, '')),
    receipts: new Map(
      [...Map.groupBy(evidence.receipts, ({ jobId }) => jobId)].map(([jobId, lines]) => [
        jobId,
        lines.map(({ mtime }) => mtime),
      ]),
    ),
  }
  const idleness: Idleness = { findings: [], idleMs, jobMs: 0, excusedMs: 0, neededMs: 0, byExcuse: {} }
  for (const job of jobs) {
    const marks = signsOf(world, job)
    for (const [index, to] of marks.slice(1).entries()) {
      const stretch: Interval = [marks[index] ?? to, to]
      const excuses = excusesOf(world, job, stretch)
      const left = uncovered(stretch, Object.values(excuses).flat())
      const excusedMs = lengthOf([stretch]) - lengthOf(left)
      idleness.jobMs += lengthOf([stretch])
      idleness.excusedMs += excusedMs
      for (const excuse of EXCUSES) {
        const coveredMs = lengthOf([stretch]) - lengthOf(uncovered(stretch, excuses[excuse]))
        idleness.byExcuse[excuse] = (idleness.byExcuse[excuse] ?? 0) + coveredMs
      }
      if (lengthOf([stretch]) <= idleMs) continue
      idleness.neededMs += excusedMs
      idleness.findings.push(...checkStretch(world, job, stretch, left))
    }
  }
  return idleness
}

function lengthOf(parts: readonly Interval[]): number {
  return parts.reduce((sum, [from, to]) => sum + to - from, 0)
}

/** `left`: what of a stretch nothing excuses. */
function checkStretch(world: World, job: JobView, stretch: Interval, left: readonly Interval[]): Finding[] {
  const worst = left.toSorted((a, b) => lengthOf([b]) - lengthOf([a]))[0]
  if (worst === undefined || lengthOf([worst]) <= world.bounds.idleMs) return []
  const { jobId } = job.submission
  const open = openOf(job, stretch).map(({ name }) => name)
  const during = open.length === 0 ? 'no activity open' : open.join(', ')
  const seconds = ((worst[1] - worst[0]) / 1000).toFixed(1)
  const bound = (world.bounds.idleMs / 1000).toFixed(1)
  const detail = `${seconds} s from ${new Date(worst[0]).toISOString()} (bound ${bound} s), ${during}`
  return [{ rule: 'idle', jobId, detail }]
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

function excusesOf(world: World, job: JobView, stretch: Interval): Record<Excuse, Interval[]> {
  const { evidence, bounds, busy, recovery } = world
  const open = openOf(job, stretch)
  const { services, control, card, hosts } = needsOf(open)
  const drawings = world.drawings.get(job.submission.jobId) ?? []
  const atHosts = [...hosts, ...drawnOn(drawings, open, stretch)]
  const outages = evidence.faults
    .filter(({ down }) => down.some(name => services.includes(name)))
    .map(({ from, to, down }): Interval => {
      const died = control && down.includes('control')
      return [from, to + (died ? recovery.deathMs : recovery.restartMs)]
    })
  const hit = atHosts.flatMap(host => world.hit.get(host) ?? [])
  // A job may have been given to a host that never began it: that host is heard of no more until the attempt times out.
  const unheard = mayHaveHad(open, stretch, world.hostOf, [...busy.keys()]).flatMap(host =>
    unheardHits(evidence, host, recovery),
  )
  const queued = card ? intersection([...busy.values()], stretch) : []
  const pauses = open.length === 0 ? pausesOf(job, bounds.pauseMs) : []
  return {
    'service away': outages,
    'its host hit': hit,
    'given to a host that was hit': unheard,
    'every card taken or away': queued,
    'in line at a host': card ? inLine(world, drawings, stretch) : [],
    'its own program at work': ownWork(drawings, bounds.renderMs),
    'pause between tries': pauses,
    quarantine: quarantineOf(job, stretch[1]),
    'delivery given up': open.length === 0 ? givenUp(evidence, job) : [],
  }
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

/**
 * A host takes two jobs of a lane and draws one after the other, though another host may have nothing to do by then. Which host
 * has taken a job is known by its next beginning.
 */
function inLine(world: World, drawings: readonly Drawing[], [from]: Interval): Interval[] {
  const next = drawings.filter(({ begunMs }) => begunMs >= from).toSorted((a, b) => a.begunMs - b.begunMs)[0]
  if (next === undefined) return []
  return [...world.drawings.values()]
    .flat()
    .filter(({ host, lane, id }) => host === next.host && lane === next.lane && id !== next.id)
    .map(({ begunMs, endedMs }) => [begunMs, endedMs])
}

/** An undelivered callback waits for an operator, who has it delivered again. */
function givenUp({ workflows, actions }: Evidence, { submission: { jobId } }: JobView): Interval[] {
  const asked = actions.filter(action => action.kind === 'redeliver' && action.jobId === jobId)
  return workflows
    .filter(({ workflowId, status }) => workflowId === `callback-${jobId}` && status === 'FAILED')
    .flatMap(({ closedMs }) =>
      asked.flatMap(({ at }): Interval[] => (closedMs === null || at < closedMs ? [] : [[closedMs, at]])),
    )
}
