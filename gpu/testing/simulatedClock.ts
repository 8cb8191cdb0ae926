export interface SimulatedClock {
  now(): number
  /** Calls `act` once, `ms` from now; what is due at one moment is called in the order it was scheduled. */
  schedule(act: () => void, ms: number): () => void
  /** Lets time pass, calling everything that is due until then. */
  runUntil(atMs: number): void
  /** What is scheduled and was not cancelled. */
  pending(): number
}

/** A clock that moves only when it is told to. */
export function createSimulatedClock(): SimulatedClock {
  let nowMs = 0
  let events: { atMs: number; act: () => void }[] = []

  return {
    now: () => nowMs,
    schedule(act, ms) {
      const event = { atMs: nowMs + ms, act }
      const place = events.findIndex(({ atMs }) => atMs > event.atMs)
      events.splice(place === -1 ? events.length : place, 0, event)
      return () => {
        events = events.filter(other => other !== event)
      }
    },
    runUntil(atMs) {
      for (let first = events[0]; first && first.atMs <= atMs; first = events[0]) {
        events.shift()
        nowMs = first.atMs
        first.act()
      }
      nowMs = atMs
    },
    pending: () => events.length,
  }
}
