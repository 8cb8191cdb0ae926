/**
 * Time-slicing in the limit of short slices: whoever computes gets an equal part of the card, and the part of one that has
 * finished goes to the others from that moment on. `remaining`: what each still has to compute, in ms of the card alone.
 * Gives what each computed in `elapsedMs`, and after how many ms each had finished (Infinity: not yet).
 */
export function share(
  remaining: readonly number[],
  elapsedMs: number,
): { computedMs: number; finishedAfterMs: number }[] {
  const order = remaining.map((ms, index) => ({ ms, index })).toSorted((a, b) => a.ms - b.ms)
  const results = remaining.map(() => ({ computedMs: 0, finishedAfterMs: Infinity }))
  let passedMs = 0
  /** What each of those that have not finished has computed. */
  let levelMs = 0
  for (const [place, { ms, index }] of order.entries()) {
    const rivals = order.length - place
    const neededMs = (ms - levelMs) * rivals
    if (passedMs + neededMs <= elapsedMs) {
      passedMs += neededMs
      levelMs = ms
      results[index] = { computedMs: ms, finishedAfterMs: passedMs }
      continue
    }
    const reachedMs = levelMs + (elapsedMs - passedMs) / rivals
    for (const { index: unfinished } of order.slice(place)) {
      results[unfinished] = { computedMs: reachedMs, finishedAfterMs: Infinity }
    }
    break
  }
  return results
}

/** How long until the next one finishes, if nobody comes or goes; Infinity where nobody computes. */
export function msUntilNextEnd(remaining: readonly number[]): number {
  return Math.min(Infinity, ...remaining) * Math.max(1, remaining.length)
}
