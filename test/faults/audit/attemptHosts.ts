import type { Drawing } from './drawings.ts'
import type { Interval } from './interval.ts'
import { CARD, hostOfQueue } from './needs.ts'
import type { Evidence } from './readEvidence.ts'
import type { ActivityRecord } from './workflow.ts'

/** Of an attempt that was heard of no more. */
const UNHEARD = /^(HEARTBEAT|START_TO_CLOSE)$/

/** The host of each worker whose name Temporal has seen in a queue of a host. */
export function hostsOfWorkers({ workflows }: Evidence): Map<string, string> {
  const pairs = workflows
    .flatMap(({ activities }) => activities)
    .flatMap(({ queue, worker }): [string, string][] => {
      const host = hostOfQueue(queue)
      return host === undefined || worker === null ? [] : [[worker, host]]
    })
  return new Map(pairs)
}

/** The host of the drawing that a stretch follows, if the attempt that it was for may still be open. */
export function drawnOn(
  drawings: readonly Drawing[],
  open: readonly ActivityRecord[],
  [from]: Interval,
): string[] {
  const since = open.filter(({ name }) => CARD.has(name)).map(({ scheduledMs }) => scheduledMs)
  const last = drawings
    .filter(({ begunMs }) => begunMs <= from && since.some(atMs => begunMs >= atMs))
    .toSorted((a, b) => a.begunMs - b.begunMs)
    .at(-1)
  return last === undefined ? [] : [last.host]
}

/**
 * The hosts that may have been given a job without ever beginning it, in a stretch in which no host is known to have it.
 * Temporal keeps who had the last attempt. Of those before it it keeps only how the very last one failed: a host can have had
 * one unheard only if that timed out, or there were more of them.
 */
export function mayHaveHad(
  open: readonly ActivityRecord[],
  [from]: Interval,
  hostOf: ReadonlyMap<string, string>,
  hosts: readonly string[],
): string[] {
  return open
    .filter(({ name }) => CARD.has(name))
    .flatMap(({ attempt, startedMs, worker, earlierFailure }) => {
      // Nobody knows: it never ended, or was ended by force.
      if (attempt === null || startedMs === null) return hosts
      if (from >= startedMs) return hostOf.get(worker ?? '') ?? hosts
      if (attempt === 1) return []
      return attempt > 2 || UNHEARD.test(earlierFailure ?? '') ? hosts : []
    })
}
