import type { Lane } from '../jobs/jobTypes.ts'
import type { TurnPort, Turnstile } from './turnstile.ts'

/** First come, first served, and never a request to yield: a lane that has the card keeps it until it gives it back. */
export function createFifoTurnstile(port: TurnPort): Turnstile {
  let holder: Lane | null = null
  let waiting: Lane[] = []

  function advance(): void {
    const next = holder === null ? waiting.shift() : undefined
    if (next === undefined) return
    // Set before the port is told, so that a call that comes back from it finds the turn taken.
    holder = next
    port.grant(next)
  }

  function give(lane: Lane): boolean {
    if (holder !== lane) return false
    holder = null
    return true
  }

  return {
    want(lane) {
      if (holder === lane || waiting.includes(lane)) return
      waiting.push(lane)
      advance()
    },
    yielded(lane) {
      if (!give(lane)) return
      waiting.push(lane)
      advance()
    },
    released(lane) {
      if (give(lane)) advance()
    },
    withdraw(lane) {
      waiting = waiting.filter(other => other !== lane)
      if (give(lane)) advance()
    },
    reset() {
      holder = null
      waiting = []
    },
    snapshot: () => ({ holder, waiting: [...waiting] }),
  }
}
