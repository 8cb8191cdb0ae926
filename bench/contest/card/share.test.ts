import fc from 'fast-check'
import { expect, test } from 'vitest'
import { msUntilNextEnd, share } from './share.ts'

const ms = fc.double({ min: 0.01, max: 10_000, noNaN: true })
const jobs = fc.array(ms, { minLength: 1, maxLength: 6 })
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

test('the card is never idle while there is work, and never does more than time allows', () => {
  fc.assert(
    fc.property(jobs, ms, (remaining, elapsedMs) => {
      const computed = sum(share(remaining, elapsedMs).map(each => each.computedMs))
      expect(computed).toBeCloseTo(Math.min(elapsedMs, sum(remaining)), 6)
    }),
  )
})

test('those that have not finished have computed the same, and none more than it had to', () => {
  fc.assert(
    fc.property(jobs, ms, (remaining, elapsedMs) => {
      const results = share(remaining, elapsedMs)
      const unfinished = results.filter(({ finishedAfterMs }) => finishedAfterMs === Infinity)
      for (const { computedMs } of unfinished) {
        expect(computedMs).toBeCloseTo(unfinished[0]?.computedMs ?? Number.NaN, 6)
      }
      for (const [index, { computedMs, finishedAfterMs }] of results.entries()) {
        expect(computedMs).toBeLessThanOrEqual((remaining[index] ?? 0) + 1e-9)
        if (finishedAfterMs !== Infinity) expect(finishedAfterMs).toBeLessThanOrEqual(elapsedMs)
      }
    }),
  )
})

test('looking at it in between changes nothing', () => {
  fc.assert(
    fc.property(jobs, ms, ms, (remaining, firstMs, thenMs) => {
      const whole = share(remaining, firstMs + thenMs).map(each => each.computedMs)
      const first = share(remaining, firstMs).map(each => each.computedMs)
      const left = remaining.map((each, index) => each - (first[index] ?? 0))
      const active = left.flatMap((each, index) => (each > 1e-9 ? [index] : []))
      const second = share(
        active.map(index => left[index] ?? 0),
        thenMs,
      )
      const total = [...first]
      for (const [place, index] of active.entries()) {
        total[index] = (total[index] ?? 0) + (second[place]?.computedMs ?? 0)
      }
      for (const [index, each] of whole.entries()) expect(total[index]).toBeCloseTo(each, 5)
    }),
  )
})

test('the next end comes when it is foretold', () => {
  fc.assert(
    fc.property(jobs, remaining => {
      const results = share(remaining, msUntilNextEnd(remaining) + 1e-6)
      const shortest = remaining.indexOf(Math.min(...remaining))
      expect(results[shortest]?.finishedAfterMs).not.toBe(Infinity)
    }),
  )
})

test('two at once take twice as long each', () => {
  expect(share([100, 100], 100)).toEqual([
    { computedMs: 50, finishedAfterMs: Infinity },
    { computedMs: 50, finishedAfterMs: Infinity },
  ])
  expect(share([50, 100], 1_000).map(each => each.finishedAfterMs)).toEqual([100, 150])
})
