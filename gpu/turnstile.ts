import type { Lane } from '../jobs/jobTypes.ts'

/** What a turnstile tells the inference program. */
export interface TurnPort {
  grant(lane: Lane): void
  /** Ask the holder to give the turn back at its next gate. */
  yield(lane: Lane): void
}

/** What may be measured of the turns. Called in the order of events; throws nothing. */
export interface TurnObserver {
  /** A lane has got the card after waiting for it. */
  onGranted?(lane: Lane, waitedMs: number): void
  /** `heldMs` by the program's own count. */
  onGaveBack?(lane: Lane, heldMs: number): void
  /** A lane has got a card that another was asked to yield for it: `tookMs` from the request to the grant. */
  onCutIn?(lane: Lane, tookMs: number): void
}

/**
 * Who computes next: at most one lane holds the card at a time. The program only asks, holds and yields when told;
 * the policy is here. Every method is idempotent, so that a late message of a dead program changes nothing.
 */
export interface Turnstile {
  /** A lane wants the card, and waits until it is granted. `alone`: it is then not asked to yield until it releases. */
  want(lane: Lane, alone?: boolean): void
  /** The holder has reached a gate, has synchronised, and waits for its next turn. */
  yielded(lane: Lane, heldMs: number): void
  /** The holder's GPU part is over. */
  released(lane: Lane, heldMs: number): void
  /** The lane no longer wants or holds anything: its job was cancelled or has failed. */
  withdraw(lane: Lane): void
  /** The program has died and was reaped: nobody holds or wants anything. Pauses stay. */
  reset(): void
  /** The lane is not granted the card until it is resumed; if it holds it, it is asked to yield. */
  pause(lane: Lane): void
  resume(lane: Lane): void
  snapshot(): TurnSnapshot
}

export interface TurnSnapshot {
  holder: Lane | null
  /** Lanes that want the card, those first that came first. */
  waiting: Lane[]
  paused: Lane[]
  /** Milliseconds that each lane has held the card, the present turn left out. */
  heldMs: Record<Lane, number>
}
