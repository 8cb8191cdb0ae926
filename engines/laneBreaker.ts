import type { Lane } from '../jobs/jobTypes.ts'

export interface LaneBreakerLimits {
  /** So many jobs of one lane that killed the program, with none finished in between, take the lane out of service. */
  crashes: number
  cooldownMs: number
}

/** Fewer than those that take the whole program out of service: the lane that kills it goes first. */
export const LANE_BREAKER_LIMITS: LaneBreakerLimits = { crashes: 3, cooldownMs: 30_000 }

/**
 * Takes a lane out of service of which one job after another kills the program, so that the other lanes' jobs can be
 * finished. A job that does so again and again counts once: it is set aside by itself, and its neighbours need not wait.
 * Its own wait. After the cool-down one of them is tried; if that kills the program too, the lane is out again.
 */
export interface LaneBreaker {
  /** The program died while this job held the card. */
  crashed(job: { taskId: string; lane: Lane }): void
  succeeded(lane: Lane): void
  isOut(lane: Lane): boolean
  stop(): void
}

export function createLaneBreaker(options: {
  limits: LaneBreakerLimits
  /** Told when a lane goes out of service, and when it may be tried again. */
  onChange: (lane: Lane, out: boolean) => void
}): LaneBreaker {
  const { limits, onChange } = options
  const culprits = new Map<Lane, Set<string>>()
  const cooling = new Map<Lane, NodeJS.Timeout>()

  return {
    crashed({ taskId, lane }) {
      const all = (culprits.get(lane) ?? new Set()).add(taskId)
      culprits.set(lane, all)
      if (all.size < limits.crashes || cooling.has(lane)) return
      const tryAgain = () => {
        cooling.delete(lane)
        onChange(lane, false)
      }
      cooling.set(lane, setTimeout(tryAgain, limits.cooldownMs).unref())
      onChange(lane, true)
    },
    succeeded: lane => void culprits.delete(lane),
    isOut: lane => cooling.has(lane),
    stop() {
      for (const timer of cooling.values()) clearTimeout(timer)
      cooling.clear()
    },
  }
}
