import type { Lane } from '../jobs/jobTypes.ts'
import { createOwedTime, noTime } from './owedTime.ts'
import { CARD_ORDER } from './shares.ts'
import type { TurnObserver, TurnPort, Turnstile } from './turnstile.ts'

export interface StrideTurnstileOptions {
  /** Milliseconds of a clock that never goes back. */
  now?: () => number
  /** Calls `act` once after `ms`, unless it is cancelled before. */
  schedule?: (act: () => void, ms: number) => () => void
  /** `job`: a holder is never asked to yield, and keeps the card until its job gives it back. */
  turns?: 'block' | 'job'
  observer?: TurnObserver
  /** Factor of all durations of the policy: a card that is simulated at 1/20 needs a policy at 1/20. */
  timeScale?: number
}

interface Wish {
  sinceMs: number
  alone: boolean
}

interface Turn {
  lane: Lane
  sinceMs: number
  /** It is never asked to yield. */
  alone: boolean
  /** How much of it is in the accounts already. */
  chargedMs: number
  /** It was due when it got the card: it keeps it until it is owed nothing. */
  wasDue: boolean
  /** When it was asked to yield, and whether for another lane. */
  asked: { atMs: number; forAnother: boolean } | null
}

/**
 * Lanes go in the order of {@link CARD_ORDER}, and a higher one makes a lower holder yield; but a lane that lags behind its
 * guaranteed share by a slice is due, goes before all others and keeps the card until it has caught up. The figures and
 * what follows from them are in shares.ts. A holder that does not yield is waited for, and one that wanted the card alone is
 * not asked.
 */
export function createStrideTurnstile(port: TurnPort, options: StrideTurnstileOptions = {}): Turnstile {
  const { now = () => performance.now(), schedule = afterMs, turns = 'block', observer = {} } = options
  const owed = createOwedTime(options.timeScale)
  /** Since when each has waited; the order is theirs. */
  const waiting = new Map<Lane, Wish>()
  const paused = new Set<Lane>()
  const heldMs = noTime()
  let turn: Turn | null = null
  let cancelTimer = () => {}

  const competes = (lane: Lane) => waiting.has(lane) && !paused.has(lane)

  function next(): Lane | undefined {
    const ready = CARD_ORDER.filter(competes)
    // Sorting is stable: those that are owed the same keep their order.
    const [mostOwed] = ready.filter(owed.due).toSorted((a, b) => owed.owedMs(b) - owed.owedMs(a))
    return mostOwed ?? ready[0]
  }

  /** Brings the accounts up to `totalMs` of the present turn; to be called before who waits is changed. */
  function settle(totalMs: number): void {
    if (turn === null) return
    // What a job alone took is not repaid: minutes of it would make minutes in which the others do not cut in.
    owed.pass(turn.lane, totalMs - turn.chargedMs, turn.alone ? () => false : competes)
    turn.chargedMs = totalMs
  }

  const elapsedMs = () => (turn === null ? 0 : now() - turn.sinceMs)

  /** Ends the holder's turn, if it is this lane's. What was held is told by the program, up to what our clock says. */
  function takeBack(lane: Lane, toldMs = Infinity): Turn | null {
    if (turn?.lane !== lane) return null
    const ms = Math.min(toldMs, elapsedMs())
    settle(ms)
    const ended = turn
    turn = null
    heldMs[lane] += ms
    observer.onGaveBack?.(lane, ms)
    return ended
  }

  function advance(ended: Turn | null = null): void {
    if (turn === null) grantNext(ended)
    watch()
  }

  function grantNext(ended: Turn | null): void {
    const lane = next()
    if (lane === undefined) return
    const atMs = now()
    const { sinceMs: wantedAtMs, alone } = waiting.get(lane) ?? { sinceMs: atMs, alone: false }
    waiting.delete(lane)
    // Set before anybody is told, so that a call that comes back from there finds the turn taken.
    turn = { lane, sinceMs: atMs, alone, chargedMs: 0, wasDue: owed.due(lane), asked: null }
    observer.onGranted?.(lane, atMs - wantedAtMs)
    if (ended?.asked?.forAnother && ended.lane !== lane) {
      observer.onCutIn?.(lane, atMs - Math.max(ended.asked.atMs, wantedAtMs))
    }
    port.grant(lane)
  }

  /** Asks the holder to yield when it must, or looks again when it may have to. */
  function watch(): void {
    cancelTimer()
    cancelTimer = () => {}
    if (turn === null || turn.asked !== null || turn.alone || turns === 'job') return
    const forAnother = !paused.has(turn.lane)
    const inMs = forAnother ? msUntilYield(turn) : 0
    if (inMs === Infinity) return
    if (inMs > 0) {
      cancelTimer = schedule(lookAgain, Math.ceil(inMs))
      return
    }
    turn.asked = { atMs: now(), forAnother }
    port.yield(turn.lane)
  }

  function lookAgain(): void {
    settle(elapsedMs())
    watch()
  }

  function msUntilYield({ lane, wasDue }: Turn): number {
    const rivals = CARD_ORDER.filter(competes)
    const [highest] = rivals
    if (highest === undefined) return Infinity
    const catchesUpInMs = wasDue ? owed.msUntilCaughtUp(lane) : 0
    if (catchesUpInMs > 0) return catchesUpInMs
    if (CARD_ORDER.indexOf(highest) < CARD_ORDER.indexOf(lane)) return 0
    return Math.min(...rivals.map(owed.msUntilDue))
  }

  function leave(lane: Lane, ms?: number): void {
    const ended = takeBack(lane, ms)
    if (!waiting.delete(lane) && ended === null) return
    owed.leave(lane, now())
    advance(ended)
  }

  return {
    want(lane, alone = false) {
      if (turn?.lane === lane || waiting.has(lane)) return
      settle(elapsedMs())
      owed.join(lane, now())
      waiting.set(lane, { sinceMs: now(), alone })
      advance()
    },
    yielded(lane, ms) {
      const ended = takeBack(lane, ms)
      if (ended === null) return
      waiting.set(lane, { sinceMs: now(), alone: ended.alone })
      advance(ended)
    },
    released(lane, ms) {
      if (turn?.lane === lane) leave(lane, ms)
    },
    withdraw(lane) {
      settle(elapsedMs())
      leave(lane)
    },
    reset() {
      if (turn !== null) {
        owed.leave(turn.lane, now())
        takeBack(turn.lane)
      }
      for (const lane of waiting.keys()) owed.leave(lane, now())
      waiting.clear()
      watch()
    },
    pause(lane) {
      settle(elapsedMs())
      paused.add(lane)
      watch()
    },
    resume(lane) {
      settle(elapsedMs())
      paused.delete(lane)
      advance()
    },
    snapshot: () => ({
      holder: turn?.lane ?? null,
      waiting: [...waiting.keys()],
      paused: [...paused],
      heldMs: { ...heldMs },
    }),
  }
}

function afterMs(act: () => void, ms: number): () => void {
  const timer = setTimeout(act, ms).unref()
  return () => clearTimeout(timer)
}
