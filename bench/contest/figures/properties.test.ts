import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RunRecord } from '../contract.ts'
import { benchJob } from '../scenarios/benchJob.ts'
import { computeMs, computeWithin } from './computing.ts'
import { fairness, jainIndex } from './fairness.ts'
import { idleGap } from './idleGap.ts'
import { coveredMs, type Interval, intersection, union } from './intervals.ts'
import { spreadOf } from './spread.ts'

const interval = fc
  .tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 50 }))
  .map(([fromMs, lengthMs]): Interval => ({ fromMs, toMs: fromMs + lengthMs }))
const intervals = fc.array(interval, { maxLength: 12 })

/** Counted ms by ms: slow, and plainly right. */
const covers = (all: readonly Interval[], ms: number) =>
  all.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs)
const milliseconds = Array.from({ length: 260 }, (_, ms) => ms)

describe('intervals', () => {
  it('cover what a count ms by ms finds', () => {
    fc.assert(
      fc.property(intervals, intervals, (some, others) => {
        expect(coveredMs(some)).toBe(milliseconds.filter(ms => covers(some, ms)).length)
        expect(coveredMs(intersection(some, others))).toBe(
          milliseconds.filter(ms => covers(some, ms) && covers(others, ms)).length,
        )
      }),
    )
  })

  it('leave what they are given as it was', () => {
    const given = [
      { fromMs: 0, toMs: 5 },
      { fromMs: 3, toMs: 9 },
    ]
    expect(union(given)).toEqual([{ fromMs: 0, toMs: 9 }])
    expect(given).toEqual([
      { fromMs: 0, toMs: 5 },
      { fromMs: 3, toMs: 9 },
    ])
  })
})

/** Jobs one after the other on the card, all accepted at 0, with a pause before each. */
const serial = fc
  .array(
    fc.record({
      pauseMs: fc.integer({ min: 0, max: 20 }),
      computeMs: fc.integer({ min: 1, max: 90 }),
      user: fc.constantFrom('a', 'b'),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map(rows => {
    let nowMs = 0
    const run: RunRecord = { contender: 'ours', scale: 1, jobs: [], card: [] }
    for (const [index, { pauseMs, computeMs: ownMs, user }] of rows.entries()) {
      const job = benchJob({ key: [index], user, type: 'sdxl_image_fast' })
      const fromMs = nowMs + pauseMs
      nowMs = fromMs + ownMs
      run.card.push({ jobId: job.id, client: 'engine', fromMs, toMs: nowMs, computedMs: ownMs })
      run.jobs.push({ job, submittedAtMs: 0, endedAtMs: nowMs + 5, status: 'completed' })
    }
    return { rows, run }
  })

describe('figures of runs in series', () => {
  it('idle gap is the sum of the pauses', () => {
    fc.assert(
      fc.property(serial, ({ rows, run }) => {
        const pauses = rows.reduce((sum, { pauseMs }) => sum + pauseMs, 0)
        const computed = rows.reduce((sum, row) => sum + row.computeMs, 0)
        expect(idleGap(run)).toBeCloseTo(pauses / computed)
      }),
    )
  })

  it('compute within a time and outside of it add up', () => {
    fc.assert(
      fc.property(serial, fc.integer({ min: 0, max: 2000 }), ({ run }, atMs) => {
        const before = computeWithin(run.card, [{ fromMs: 0, toMs: atMs }])
        const after = computeWithin(run.card, [{ fromMs: atMs, toMs: 1e6 }])
        expect(before + after).toBeCloseTo(computeMs(run.card))
      }),
    )
  })

  it('fairness lies between one user’s having it all and equal parts', () => {
    fc.assert(
      fc.property(serial, ({ run }) => {
        const users = new Set(run.jobs.map(({ job }) => job.userId)).size
        const index = fairness(run)
        expect(index).toBeGreaterThanOrEqual(1 / users - 1e-9)
        expect(index).toBeLessThanOrEqual(1 + 1e-9)
      }),
    )
  })
})

it('Jain’s index does not care for the unit', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 }), values => {
      expect(jainIndex(values.map(value => value * 7))).toBeCloseTo(jainIndex(values))
    }),
  )
})

it('a spread is in order, within the values', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), values => {
      const { min, median, max } = spreadOf(values)
      expect([min, max]).toEqual([Math.min(...values), Math.max(...values)])
      expect(median >= min && median <= max).toBe(true)
    }),
  )
})
