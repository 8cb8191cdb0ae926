export interface Interval {
  fromMs: number
  toMs: number
}

/** Sorted, without overlaps. */
export function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = []
  for (const { fromMs, toMs } of intervals.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1)
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs)
    else if (toMs > fromMs) merged.push({ fromMs, toMs })
  }
  return merged
}

export function intersection(some: readonly Interval[], others: readonly Interval[]): Interval[] {
  const right = union(others)
  const both = union(some).flatMap(a =>
    right.map(b => ({ fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) })),
  )
  return both.filter(({ fromMs, toMs }) => toMs > fromMs)
}

/** Time that at least one of them covers. */
export function coveredMs(intervals: readonly Interval[]): number {
  return union(intervals).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0)
}
