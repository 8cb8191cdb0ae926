import type { Lane } from '../jobs/jobTypes.ts'

export interface LaneBreakerLimits {
  /** So many deaths of the program in a row under jobs of one lane take the lane out of service. */
  crashes: number
  cooldownMs: number
}

/** Fewer than those that take the whole program out of service: the lane that kills it goes first. */
export const LANE_BREAKER_LIMITS: LaneBreakerLimits = { crashes: 3, cooldownMs: 30_000 }

/**
 * Takes a lane out of service whose jobs kill the program again and again, so that the other lanes' jobs can be finished.
 * Its own wait. After the cool-down one of them is tried; if that kills the program too, the lane is closed again.
 */
export interface LaneBreaker {
  /** The program died while a job of the lane held the card. */
  crashed(lane: Lane): void
  succeeded(lane: Lane): void
  open(lane: Lane): boolean
  stop(): void
}

export function createLaneBreaker(options: {
  limits: LaneBreakerLimits
  /** Told when a lane goes out of service, and when it may be tried again. */
  onChange: (lane: Lane, open: boolean) => void
}): LaneBreaker {
  const { limits, onChange } = options
  const crashes = new Map<Lane, number>()
  const cooling = new Map<Lane, NodeJS.Timeout>()

  return {
    crashed(lane) {
      const count = (crashes.get(lane) ?? 0) + 1
      crashes.set(lane, count)
      if (count < limits.crashes || cooling.has(lane)) return
      const reopen = () => {
        cooling.delete(lane)
        onChange(lane, false)
      }
      cooling.set(lane, setTimeout(reopen, limits.cooldownMs).unref())
      onChange(lane, true)
    },
    succeeded: lane => void crashes.delete(lane),
    open: lane => cooling.has(lane),
    stop() {
      for (const timer of cooling.values()) clearTimeout(timer)
      cooling.clear()
    },
  }
}
