import type { Lane } from '../jobs/jobTypes.ts'

export interface LaneBreakerLimits {
  /** So many jobs of one lane that killed the program, with none finished in between, take the lane out of service. */
  crashes: number
  /** How long the program must serve the other lanes before this one is tried again. Doubles each time that it is tried in vain. */
  cooldownMs: number
  longestCooldownMs: number
}

/** Fewer crashes than take the whole program out of service: the lane that kills it goes first. The longest is a video's time, and more. */
export const LANE_BREAKER_LIMITS: LaneBreakerLimits = {
  crashes: 3,
  cooldownMs: 30_000,
  longestCooldownMs: 15 * 60_000,
}

/**
 * Takes a lane out of service of which one job after another kills the program, so that the other lanes' jobs can be
 * finished. A job that does so again and again counts once: it is set aside by itself, and its neighbours need not wait.
 * Its own wait. After the cool-down one of them is tried; if that kills the program too, the lane is out for twice as long.
 */
export interface LaneBreaker {
  /** The program died while this job held the card. */
  crashed(job: { taskId: string; lane: Lane }): void
  succeeded(lane: Lane): void
  isOut(lane: Lane): boolean
  /** Lanes cool down while there is a program for the others: it takes minutes to load, which are nobody's. Idempotent. */
  programReady(): void
  programGone(): void
}

export function createLaneBreaker(options: {
  limits: LaneBreakerLimits
  /** Told when a lane goes out of service, and when it may be tried again. */
  onChange: (lane: Lane, out: boolean) => void
}): LaneBreaker {
  const { limits, onChange } = options
  const culprits = new Map<Lane, Set<string>>()
  /** Of lanes that are out, or are being tried. */
  const cooldownMs = new Map<Lane, number>()
  /** Of lanes that are out: what of it is left. */
  const leftMs = new Map<Lane, number>()
  const cooling = new Map<Lane, { timer: NodeJS.Timeout; sinceMs: number }>()

  function tryAgain(lane: Lane): void {
    cooling.delete(lane)
    leftMs.delete(lane)
    onChange(lane, false)
  }

  return {
    crashed({ taskId, lane }) {
      const all = (culprits.get(lane) ?? new Set()).add(taskId)
      culprits.set(lane, all)
      if (all.size < limits.crashes || leftMs.has(lane)) return
      const last = cooldownMs.get(lane)
      const next = last === undefined ? limits.cooldownMs : Math.min(2 * last, limits.longestCooldownMs)
      cooldownMs.set(lane, next)
      leftMs.set(lane, next)
      onChange(lane, true)
    },
    succeeded(lane) {
      culprits.delete(lane)
      cooldownMs.delete(lane)
    },
    isOut: lane => leftMs.has(lane),
    programReady() {
      for (const [lane, ms] of leftMs) {
        if (cooling.has(lane)) continue
        cooling.set(lane, { timer: setTimeout(tryAgain, ms, lane).unref(), sinceMs: performance.now() })
      }
    },
    programGone() {
      for (const [lane, { timer, sinceMs }] of cooling) {
        clearTimeout(timer)
        leftMs.set(lane, Math.max(0, (leftMs.get(lane) ?? 0) - (performance.now() - sinceMs)))
      }
      cooling.clear()
    },
  }
}
