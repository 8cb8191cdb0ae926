import { LANES, type Lane } from '../../jobs/jobTypes.ts'
import { CARD_ORDER, GUARANTEED_SHARES, MEMORY_MS, REJOIN_MS, SLICE_MS } from '../shares.ts'

/**
 * The rule in its plainest form, for tests: an account that is told of everything at the moment it happens, in small
 * steps of time, and says what may happen next.
 */
export function createExpectedOwed() {
  const owed = new Map<Lane, number>()
  const goneSince = new Map<Lane, number>()
  let wasDue = false
  const of = (lane: Lane) => owed.get(lane) ?? 0

  return {
    owedMs: of,
    /** Nothing has changed for `ms`. */
    pass(ms: number, holder: Lane | null, wants: readonly Lane[]) {
      if (holder === null) return
      for (const lane of LANES) {
        const share = GUARANTEED_SHARES[lane]
        if (lane === holder) owed.set(lane, Math.max(-share * MEMORY_MS, of(lane) - (1 - share) * ms))
        else if (wants.includes(lane)) owed.set(lane, of(lane) + share * ms)
        else if (of(lane) < 0) owed.set(lane, Math.min(0, of(lane) + share * ms))
      }
    },
    left(lane: Lane, atMs: number) {
      goneSince.set(lane, atMs)
    },
    joined(lane: Lane, atMs: number) {
      const since = goneSince.get(lane) ?? -Infinity
      if (atMs - since > REJOIN_MS) owed.set(lane, Math.min(0, of(lane)))
    },
    granted(lane: Lane) {
      wasDue = of(lane) >= SLICE_MS
    },
    /** The only lanes that may be granted now; several where they are owed the same, as far as numbers can tell. */
    mayBeGranted(wants: readonly Lane[]): Lane[] {
      const margin = 1e-6
      const due = wants.filter(lane => of(lane) >= SLICE_MS - margin)
      const surely = wants.filter(lane => of(lane) >= SLICE_MS + margin)
      const most = Math.max(...due.map(of))
      const highest = CARD_ORDER.find(lane => wants.includes(lane))
      const byOrder = highest === undefined || surely.length > 0 ? [] : [highest]
      return [...due.filter(lane => of(lane) >= most - margin), ...byOrder]
    },
    /** Whether the holder must be asked to yield, by a rule that is stricter (or looser) by `marginMs` of owed time. */
    mustYield(holder: Lane, wants: readonly Lane[], paused: readonly Lane[], marginMs: number): boolean {
      if (paused.includes(holder)) return true
      const rivals = wants.filter(lane => lane !== holder)
      if (rivals.length === 0 || (wasDue && of(holder) > -marginMs)) return false
      const rank = (lane: Lane) => CARD_ORDER.indexOf(lane)
      return rivals.some(lane => rank(lane) < rank(holder) || of(lane) >= SLICE_MS + marginMs)
    },
  }
}
