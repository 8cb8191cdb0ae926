import { type Drawing, drawingsOf, livesOf } from './drawings.ts'
import type { Interval } from './interval.ts'
import { union } from './interval.ts'
import type { Evidence } from './readEvidence.ts'

/**
 * When each host had a reason not to take a job: it had one to draw, or was not there. A job waits rightly while that is so of
 * all of them; so one that the hosts pass over for others is seen only once any of them has nothing left to do.
 */
export function busyHosts(evidence: Evidence, recoveryMs: number): Map<string, Interval[]> {
  const drawings = Map.groupBy(drawingsOf(evidence), ({ host }) => host)
  return new Map(
    evidence.run.hosts.map(({ hostId, startedAt, retiredAt }) => [
      hostId,
      union([
        [-Infinity, startedAt + recoveryMs],
        [retiredAt ?? Infinity, Infinity],
        ...(drawings.get(hostId) ?? []).map(({ begunMs, endedMs }): Interval => [begunMs, endedMs]),
        ...hostFaults(evidence, hostId, recoveryMs),
      ]),
    ]),
  )
}

/** When a host was hit, with the time that it takes to be back; deaths of its program that no fault tells of are among them. */
export function hostFaults(evidence: Evidence, host: string, recoveryMs: number): Interval[] {
  const parts = [`gpu:${host}`, `engine:${host}`, `disk:${host}`]
  const told = evidence.faults
    .filter(({ down }) => down.some(name => parts.includes(name)))
    .map(({ from, to }): Interval => [from, to + recoveryMs])
  const lives = livesOf(evidence)
    .filter(life => life.host === host)
    .toSorted((a, b) => a.startedMs - b.startedMs)
  const deaths = lives.flatMap(({ endedMs }, index): Interval[] => {
    const next = lives[index + 1]
    return next === undefined ? [] : [[endedMs, next.startedMs + recoveryMs]]
  })
  return [...told, ...deaths]
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
