import type { RunRecord } from '../contract.ts'
import { computeMs, waits } from './computing.ts'
import { coveredMs, intersection } from './intervals.ts'

/** Time in which the card computed nothing though an accepted job was not yet computed, as a part of all compute. */
export function idleGap(run: RunRecord): number {
  const wanted = waits(run)
  const idleMs = coveredMs(wanted) - coveredMs(intersection(wanted, run.card))
  return idleMs / computeMs(run.card)
}
