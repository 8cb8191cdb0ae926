/** A figure over the repeats. */
export interface Spread {
  median: number
  min: number
  max: number
}

/** Of an even number of values, the median is the mean of the middle two. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? Number.NaN
  const upper = Math.floor(sorted.length / 2)
  const median = sorted.length % 2 === 1 ? at(upper) : (at(upper - 1) + at(upper)) / 2
  return { median, min: at(0), max: at(sorted.length - 1) }
}
