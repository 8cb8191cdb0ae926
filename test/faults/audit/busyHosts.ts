import { type Drawing, drawingsOf, livesOf } from './drawings.ts'
import type { Interval } from './interval.ts'
import { overlap, union } from './interval.ts'
import type { Evidence } from './readEvidence.ts'

/** How long it takes until what was taken down is back at work, and until what it had been given is given to another. */
export interface Recovery {
  /** Its worker died: what it had is heard of no more until the attempt times out. */
  deathMs: number
  /** It was ended in an orderly way, and gave everything back. */
  restartMs: number
}

/** Orderly, and never by force: SIGTERM, and whatever time the worker took. What else hit it meanwhile has its own line. */
const RESTART = 'restart-patient'

/**
 * When each host had a reason not to take a job: it had one to draw, or was not there. A job waits rightly while that is so of
 * all of them; so one that the hosts pass over for others is seen only once any of them has nothing left to do.
 */
export function busyHosts(
  evidence: Evidence,
  hit: ReadonlyMap<string, readonly Interval[]>,
  { deathMs }: Recovery,
): Map<string, Interval[]> {
  const drawings = Map.groupBy(drawingsOf(evidence), ({ host }) => host)
  return new Map(
    evidence.run.hosts.map(({ hostId, startedAt, retiredAt }) => [
      hostId,
      union([
        [-Infinity, startedAt + deathMs],
        [retiredAt ?? Infinity, Infinity],
        ...(drawings.get(hostId) ?? []).map(({ begunMs, endedMs }): Interval => [begunMs, endedMs]),
        ...(hit.get(hostId) ?? []),
      ]),
    ]),
  )
}

/** When each host was hit, with the time to be back; deaths of its program that no fault tells of are among them. */
export function hostHits(evidence: Evidence, recovery: Recovery): Map<string, Interval[]> {
  const lives = Map.groupBy(livesOf(evidence), ({ host }) => host)
  return new Map(
    evidence.run.hosts.map(({ hostId }) => {
      const own = (lives.get(hostId) ?? []).toSorted((a, b) => a.startedMs - b.startedMs)
      const told = faultsOf(evidence, hostId)
      const restarts = told.filter(({ kind }) => kind === RESTART)
      const deaths = own.flatMap(({ endedMs, orderly }, index): Interval[] => {
        const next = own[index + 1]
        if (next === undefined) return []
        const away: Interval = [endedMs, next.startedMs]
        const asked = orderly && restarts.some(({ from, to }) => overlap([from, to], away))
        return [[endedMs, next.startedMs + (asked ? recovery.restartMs : recovery.deathMs)]]
      })
      const outages = told.map(({ kind, from, to }): Interval => {
        const backMs = kind === RESTART ? recovery.restartMs : recovery.deathMs
        return [from, to + backMs]
      })
      return [hostId, [...outages, ...deaths]]
    }),
  )
}

/** When something of a host died so that an attempt it had been given may be heard of no more: not in an orderly restart. */
export function unheardHits(evidence: Evidence, host: string, { deathMs }: Recovery): Interval[] {
  return faultsOf(evidence, host)
    .filter(({ kind }) => kind !== RESTART)
    .map(({ from }) => [from, from + deathMs])
}

function faultsOf({ faults }: Evidence, host: string): Evidence['faults'] {
  const parts = [`gpu:${host}`, `engine:${host}`, `disk:${host}`]
  return faults.filter(({ down }) => down.some(name => parts.includes(name)))
}

/** When a program was at work for a job itself; a turn that lasts longer than `longestMs` is a program that hangs. */
export function ownWork(drawings: readonly Drawing[], longestMs: number): Interval[] {
  return drawings.flatMap(({ turns, end, endedMs }): Interval[] => {
    const drawn = turns.map(([from, to]): Interval => [from, Math.min(to, from + longestMs)])
    const last = turns.at(-1)
    // Files are made after the last turn.
    if (end === null || last === undefined) return drawn
    return [...drawn, [last[1], Math.min(endedMs, last[1] + longestMs)]]
  })
}
