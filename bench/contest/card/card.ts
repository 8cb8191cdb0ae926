import type { CardUse } from '../contract.ts'
import { msUntilNextEnd, share } from './share.ts'

export interface Computation {
  jobId: string
  client: string
  /** Of the card alone. */
  neededMs: number
  /** Told once how much was computed, when it is over or stopped. */
  onOver: (computedMs: number) => void
}

interface Active extends Computation {
  fromMs: number
  computedMs: number
}

/** Below this, what is left is an error of rounding. */
const NOTHING_MS = 1e-6
/** A timer may be late by a millisecond or two: the last stretch is waited for awake. */
const AWAKE_MS = 2

/**
 * The card: whoever computes shares it with all others that do. What was computed follows from the time that really passed, so a late
 * timer neither loses nor makes work, and an end is dated at when it was due.
 */
export function createCard(nowMs: () => number) {
  const active = new Set<Active>()
  const uses: CardUse[] = []
  let settledMs = nowMs()
  let cancel = () => {}

  /** Brings every account up to now, and ends what is over. */
  function settle(): void {
    const all = [...active]
    const fromMs = settledMs
    const toMs = Math.max(fromMs, nowMs())
    settledMs = toMs
    const left = all.map(({ neededMs, computedMs }) => neededMs - computedMs)
    const results = share(left, toMs - fromMs)
    for (const [index, each] of all.entries()) {
      const { computedMs = 0, finishedAfterMs = Infinity } = results[index] ?? {}
      each.computedMs += computedMs
      const over = finishedAfterMs < Infinity || each.neededMs - each.computedMs < NOTHING_MS
      if (over) end(each, fromMs + Math.min(finishedAfterMs, toMs - fromMs))
    }
  }

  function end(each: Active, toMs: number): void {
    active.delete(each)
    const { jobId, client, fromMs, computedMs } = each
    uses.push({ jobId, client, fromMs, toMs, computedMs })
    each.onOver(computedMs)
  }

  function wait(): void {
    cancel()
    cancel = () => {}
    if (active.size === 0) return
    const inMs = msUntilNextEnd([...active].map(({ neededMs, computedMs }) => neededMs - computedMs))
    const look = () => {
      settle()
      wait()
    }
    if (inMs > AWAKE_MS) {
      const timer = setTimeout(look, Math.floor(inMs - AWAKE_MS))
      cancel = () => clearTimeout(timer)
    } else {
      const immediate = setImmediate(look)
      cancel = () => clearImmediate(immediate)
    }
  }

  return {
    /** Begins to compute; gives what stops it, which says how much was done by `onOver`. */
    compute(computation: Computation): () => void {
      settle()
      const each: Active = { ...computation, fromMs: settledMs, computedMs: 0 }
      active.add(each)
      wait()
      return () => {
        settle()
        if (active.has(each)) end(each, settledMs)
        wait()
      }
    },
    takeUses: () => uses.splice(0),
    active: () => active.size,
  }
}
