import type { Choice } from '../schedule.ts'
import { CUT_OFFS } from './cutOffs.ts'
import { KILLS } from './kills.ts'
import type { FaultKind } from './kind.ts'
import { MACHINES } from './machines.ts'
import { MOMENTS } from './moments.ts'
import { OUTAGES } from './outages.ts'
import { REFERENCES } from './references.ts'
import { RESTARTS } from './restarts.ts'
import { WISHED } from './wishes.ts'

export const FAULT_KINDS: readonly FaultKind[] = [
  ...KILLS,
  ...MOMENTS,
  ...RESTARTS,
  ...OUTAGES,
  ...CUT_OFFS,
  ...REFERENCES,
  ...MACHINES,
  ...WISHED,
]

/** Each as often as its weight says. */
export function drawnFrom(kinds: readonly FaultKind[]): Choice {
  return (_n, random) => random.weighted(kinds)
}

/** These, in this order. Throws where there is no such kind. */
export function inOrder(names: readonly string[]): Choice {
  const kinds = names.map(name => {
    const kind = FAULT_KINDS.find(each => each.name === name)
    if (kind === undefined) throw new Error(`there is no kind of fault ${name}`)
    return kind
  })
  return (n, random) => {
    // What a draw would have taken, so that a fault does just what it did when it was drawn.
    random.next()
    const kind = kinds[n - 1]
    if (kind === undefined) throw new Error(`there are only ${kinds.length} faults`)
    return kind
  }
}
