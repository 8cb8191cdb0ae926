export interface CardClock {
  startWaiting(): void
  granted(): void
  /** The turn was given back after `heldMs` of holding it, by the program's own count; not longer than by ours. */
  gaveBack(heldMs: number): void
  stop(): void
  waiting(): boolean
  /** Milliseconds of the present turn; null while it does not hold the card. */
  turnMs(): number | null
  /** True from the first grant on. */
  everHeld(): boolean
  waitedMs(): number
  heldMs(): number
}

/** Counts how long one job waits for the card and holds it. `onExceeded` is called once, when it has held longer than `limitMs`. */
export function createCardClock(options: { limitMs: number; onExceeded: () => void }): CardClock {
  const { limitMs, onExceeded } = options
  let state: 'off' | 'waiting' | 'holding' = 'off'
  let since = 0
  let waited = 0
  let held = 0
  let everHeld = false
  let timer: NodeJS.Timeout | undefined

  const running = () => performance.now() - since

  function enter(next: typeof state): void {
    if (state === 'waiting') waited += running()
    clearTimeout(timer)
    state = next
    since = performance.now()
  }

  return {
    startWaiting() {
      if (state === 'off') enter('waiting')
    },
    granted() {
      enter('holding')
      everHeld = true
      timer = setTimeout(onExceeded, Math.max(0, limitMs - held))
    },
    gaveBack(heldMs) {
      if (state !== 'holding') return
      const longestMs = running()
      enter('off')
      held += Math.min(heldMs, longestMs)
    },
    stop() {
      if (state === 'holding') held += running()
      enter('off')
    },
    waiting: () => state === 'waiting',
    turnMs: () => (state === 'holding' ? running() : null),
    everHeld: () => everHeld,
    waitedMs: () => waited + (state === 'waiting' ? running() : 0),
    heldMs: () => held + (state === 'holding' ? running() : 0),
  }
}
