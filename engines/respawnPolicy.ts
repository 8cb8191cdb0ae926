export interface RespawnLimits {
  /** The pause after the first crash; it doubles with each further one up to `backoffMaxMs`. */
  backoffMs: number
  backoffMaxMs: number
  /** So many crashes in a row within `breakerWindowMs` open the breaker: the program is out of service for a while. */
  breakerCrashes: number
  breakerWindowMs: number
  /** With the breaker open, the pause before the next start. */
  breakerCooldownMs: number
}

export const RESPAWN_LIMITS: RespawnLimits = {
  backoffMs: 250,
  backoffMaxMs: 30_000,
  breakerCrashes: 5,
  breakerWindowMs: 300_000,
  breakerCooldownMs: 30_000,
}

/** Decides when a program that died is started again. */
export function createRespawnPolicy(limits: RespawnLimits, now: () => number = () => performance.now()) {
  let crashes: number[] = []

  const recent = () => {
    crashes = crashes.filter(at => now() - at < limits.breakerWindowMs)
    return crashes.length
  }

  return {
    crashed() {
      crashes.push(now())
    },
    /** A job was finished: what came before is no row of crashes. */
    succeeded() {
      crashes = []
    },
    crashes: recent,
    open: () => recent() >= limits.breakerCrashes,
    delayMs: () => {
      const count = recent()
      if (count >= limits.breakerCrashes) return limits.breakerCooldownMs
      return count === 0 ? 0 : Math.min(limits.backoffMaxMs, limits.backoffMs * 2 ** (count - 1))
    },
  }
}
