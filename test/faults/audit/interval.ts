/** From, to, in milliseconds. */
export type Interval = readonly [number, number]

/** In order, with those that touch made one. */
export function union(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = []
  for (const [from, to] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (to <= from) continue
    if (last === undefined || from > last[1]) merged.push([from, to])
    else merged[merged.length - 1] = [last[0], Math.max(last[1], to)]
  }
  return merged
}

/** The parts of `whole` that none of `covers` covers. */
export function uncovered(whole: Interval, covers: readonly Interval[]): Interval[] {
  const left: Interval[] = []
  let [from] = whole
  const [, end] = whole
  for (const [coveredFrom, coveredTo] of union(covers)) {
    if (coveredFrom >= end) break
    if (coveredFrom > from) left.push([from, coveredFrom])
    from = Math.max(from, coveredTo)
  }
  return from < end ? [...left, [from, end]] : left
}

/** Where every one of the sets covers; all of `within` for no sets. */
export function intersection(sets: readonly (readonly Interval[])[], within: Interval): Interval[] {
  return sets.reduce<Interval[]>(
    (common, set) => common.flatMap(part => uncovered(part, uncovered(part, set))),
    [within],
  )
}

export function overlap([from, to]: Interval, [otherFrom, otherTo]: Interval): boolean {
  return from <= otherTo && otherFrom <= to
}
