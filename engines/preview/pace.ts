import { setTimeout } from 'node:timers/promises'
import type { Hold } from './turn.ts'

/** Longest sleep between two gates: how long the parent may wait for the card. */
const LONGEST_SLEEP_MS = 50

/**
 * Pretends to compute: passes `gates` gates in `totalMs` of holding the card. What is really computed between two gates
 * counts, and a sleep that took too long shortens the next.
 */
export function createPace(hold: Hold, gates: number, totalMs: number) {
  let passed = 0
  return async function next(): Promise<void> {
    passed += 1
    const dueMs = (totalMs * passed) / gates
    await hold.gate()
    for (let leftMs = dueMs - hold.heldMs(); leftMs >= 1; leftMs = dueMs - hold.heldMs()) {
      await setTimeout(Math.min(leftMs, LONGEST_SLEEP_MS))
      await hold.gate()
    }
  }
}
