import type { Lane } from '../jobs/jobTypes.ts'

/** The part of the card that a lane gets at least while it wants it. They add up to 1: all can be kept at once. */
export const GUARANTEED_SHARES: Readonly<Record<Lane, number>> = {
  sdxl: 3 / 9,
  'wan.image': 2 / 9,
  'wan.enhance': 1 / 9,
  'wan.video': 3 / 9,
}

/** Who computes first while nobody is due: the shorter the job that somebody looks at, the earlier. */
export const CARD_ORDER = ['sdxl', 'wan.image', 'wan.enhance', 'wan.video'] as const satisfies readonly Lane[]

/** Fails to compile where a lane has no place in the order: nobody would ever serve it. */
true satisfies [Exclude<Lane, (typeof CARD_ORDER)[number]>] extends [never] ? true : false

/**
 * A lane that is owed so much card time is due. Short enough that nobody waits long, long enough that a turn is many
 * gates and the change of lanes costs nothing: the slices of a saturated card take 2 to 3 s.
 */
export const SLICE_MS = 2_000

/**
 * How far back it counts that a lane had more than its share: its debt is at most this time's share (40 s of card time for
 * a video). A burst of images of two minutes is then not interrupted for a video that has had its share before, and yet a
 * lane that had the card alone for ten minutes waits for it no longer than one that had it for one. Simulated with images
 * that ask for 15 % of the card in each lane, beside videos back to back, p95 of a WAN image against an idle card is
 * 1.9 × without debt, 1.5 × with 45 s, 1.2 × with 90 s and 1.03 × with 120 s.
 */
export const MEMORY_MS = 120_000

/** A lane that wants the card again within this time has only gone on to its next job, and keeps what it is owed. */
export const REJOIN_MS = 2_000

/**
 * What follows from these figures, where `slice` is SLICE_MS, `gate` is the longest that a holder takes from the request
 * to yield until it does, and all times are card time:
 *
 * - All lanes together are never owed more than 4 slices + 3 gates: whoever is served pays as fast as the others earn.
 *   So a lane that wants the card all the time gets its share of it, less 8 s + 3 gates, less its debt at the beginning.
 * - A lane without debt is due after slice ÷ share: 6 s (sdxl, wan.video), 9 s (wan.image), 18 s (wan.enhance); with the
 *   greatest debt MEMORY_MS later. A lane that is due waits for the one that catches up, and for those that are owed more:
 *   no longer than slice ÷ share + 1.5 × (4 slices) + a few gates. {@link longestWaitMs} adds these up.
 * - Catching up takes slice ÷ (1 − share), 2.3 to 3 s.
 */
export function longestWaitMs(lane: Lane, gateMs: number): number {
  const share = GUARANTEED_SHARES[lane]
  const untilDue = MEMORY_MS + SLICE_MS / share
  const whileOthersAreOwedMore = (SLICE_MS + 1.5 * gateMs) / share
  const whileOneCatchesUp = 1.5 * (4 * SLICE_MS + 3 * gateMs)
  return untilDue + whileOthersAreOwedMore + whileOneCatchesUp + gateMs
}
