import type { Lane } from '../jobs/jobTypes.ts'

/** What a turnstile tells the inference program. */
export interface TurnPort {
  grant(lane: Lane): void
  /** Ask the holder to give the turn back at its next gate. */
  yield(lane: Lane): void
}

/**
 * Who computes next: at most one lane holds the card at a time. The program only asks, holds and yields when told;
 * the policy is here. Every method is idempotent, so that a late message of a dead program changes nothing.
 */
export interface Turnstile {
  /** A lane wants the card, and waits until it is granted. */
  want(lane: Lane): void
  /** The holder has reached a gate, has synchronised, and waits for its next turn. */
  yielded(lane: Lane, heldMs: number): void
  /** The holder's GPU part is over. */
  released(lane: Lane, heldMs: number): void
  /** The lane no longer wants or holds anything: its job was cancelled or has failed. */
  withdraw(lane: Lane): void
  /** The program has died and was reaped: nobody holds or wants anything. */
  reset(): void
  snapshot(): { holder: Lane | null; waiting: Lane[] }
}
