import { LANES, type Lane } from '../jobs/jobTypes.ts'
import { GUARANTEED_SHARES, MEMORY_MS, REJOIN_MS, SLICE_MS } from './shares.ts'

export interface OwedTime {
  /** `ms` of card time went to the holder, while the lanes of `earns` waited for it. */
  pass(holder: Lane, ms: number, earns: (lane: Lane) => boolean): void
  /** A lane begins to want the card, or no longer does. */
  join(lane: Lane, atMs: number): void
  leave(lane: Lane, atMs: number): void
  /** Card time that a lane lags behind its share, in ms; negative when it had more. */
  owedMs(lane: Lane): number
  due(lane: Lane): boolean
  /** Card time until a lane that waits is due, and until one that holds is owed nothing. 0 or less: it is so. */
  msUntilDue(lane: Lane): number
  msUntilCaughtUp(lane: Lane): number
}

/**
 * Stride scheduling as an account for each lane: while it wants the card it earns its share of the time that the card is
 * held, and it pays for the time that it holds it. `timeScale` shortens every duration, for a card that is simulated faster.
 */
export function createOwedTime(timeScale = 1): OwedTime {
  const sliceMs = SLICE_MS * timeScale
  const owed = noTime()
  const left = new Map<Lane, number>()

  return {
    pass(holder, ms, earns) {
      for (const lane of LANES) {
        const earned = GUARANTEED_SHARES[lane] * ms
        if (lane === holder) {
          const lowest = -GUARANTEED_SHARES[lane] * MEMORY_MS * timeScale
          owed[lane] = Math.max(lowest, owed[lane] + earned - ms)
        } else if (earns(lane)) {
          owed[lane] += earned
        } else if (owed[lane] < 0) {
          // Without wanting anything it can only come back to nothing.
          owed[lane] = Math.min(0, owed[lane] + earned)
        }
      }
    },
    join(lane, atMs) {
      const goneMs = atMs - (left.get(lane) ?? -Infinity)
      if (goneMs > REJOIN_MS * timeScale) owed[lane] = Math.min(0, owed[lane])
    },
    leave(lane, atMs) {
      left.set(lane, atMs)
    },
    owedMs: lane => owed[lane],
    due: lane => owed[lane] >= sliceMs,
    msUntilDue: lane => (sliceMs - owed[lane]) / GUARANTEED_SHARES[lane],
    msUntilCaughtUp: lane => owed[lane] / (1 - GUARANTEED_SHARES[lane]),
  }
}

export function noTime(): Record<Lane, number> {
  return { sdxl: 0, 'wan.image': 0, 'wan.video': 0, 'wan.enhance': 0 }
}
