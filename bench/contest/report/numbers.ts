import type { Spread } from '../figures/spread.ts'

/** Three digits that count, and a word for what never came. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : 'never'
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export const percent = (value: number) => `${digits(value * 100)} %`

/** Median, and in brackets the least and the most of the repeats. */
export function spreadText({ median, min, max }: Spread, text: (value: number) => string = digits): string {
  const [middle, low, high] = [text(median), text(min), text(max)]
  return low === high ? middle : `${middle} (${low} to ${high})`
}
