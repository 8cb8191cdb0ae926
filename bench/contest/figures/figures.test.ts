import { describe, expect, it } from 'vitest'
import type { JobType } from '../../../jobs/jobTypes.ts'
import type { CardUse, RunRecord } from '../contract.ts'
import { benchJob } from '../scenarios/benchJob.ts'
import { computeWhileAllWait, fairness, jainIndex } from './fairness.ts'
import { idleGap } from './idleGap.ts'
import { latencyAt, latencySeconds } from './latency.ts'
import { makespanSeconds } from './makespan.ts'
import { videoSlowdown } from './videoSlowdown.ts'

interface Told {
  type?: JobType
  user?: string
  submitted: number
  /** Stretches on the card: from, to, and the compute where it is less. */
  card: [number, number, number?][]
  ended: number | null
}

/** A run at a tenth of the real time, as a person tells it. */
function runOf(...told: Told[]): RunRecord {
  const named = told.map((each, index) => ({
    ...each,
    job: benchJob({ key: [index], user: each.user ?? 'one', type: each.type ?? 'sdxl_image_fast' }),
  }))
  return {
    contender: 'ours',
    scale: 0.1,
    jobs: named.map(({ job, submitted, ended }) => ({
      ...{ job, submittedAtMs: submitted, endedAtMs: ended },
      status: ended === null ? null : 'completed',
    })),
    card: named.flatMap(({ job, card }) =>
      card.map(
        ([fromMs, toMs, computedMs = toMs - fromMs]): CardUse => ({
          ...{ jobId: job.id, client: 'engine', fromMs, toMs, computedMs },
        }),
      ),
    ),
  }
}

describe('makespan', () => {
  it('reaches from the first submission to the last end, in real seconds', () => {
    const run = runOf(
      { submitted: 100, card: [[110, 500]], ended: 700 },
      { submitted: 50, card: [[510, 900]], ended: 1050 },
    )
    expect(makespanSeconds(run)).toBe(10)
  })

  it('is endless where a job never ended', () => {
    expect(makespanSeconds(runOf({ submitted: 0, card: [], ended: null }))).toBe(Infinity)
  })
})

describe('idle gap', () => {
  it('counts what the card did nothing while a job waited, before, between and within jobs', () => {
    const run = runOf(
      {
        submitted: 0,
        card: [
          [10, 100],
          [120, 200],
        ],
        ended: 250,
      },
      { submitted: 0, card: [[230, 430]], ended: 600 },
    )
    // 10 before the first, 20 within it, 30 before the second; 370 of compute.
    expect(idleGap(run)).toBeCloseTo(60 / 370)
  })

  it('does not count time in which nothing waited', () => {
    const run = runOf(
      { submitted: 0, card: [[0, 100]], ended: 900 },
      { submitted: 5000, card: [[5000, 5100]], ended: 5200 },
    )
    expect(idleGap(run)).toBe(0)
  })

  it('does not count overlap twice where two computed at once', () => {
    const run = runOf(
      { submitted: 0, card: [[0, 200, 100]], ended: 210 },
      { submitted: 0, card: [[0, 200, 100]], ended: 210 },
      { submitted: 0, card: [[210, 310]], ended: 320 },
    )
    expect(idleGap(run)).toBeCloseTo(10 / 300)
  })
})

describe('latency', () => {
  const run = runOf(
    { submitted: 0, card: [], ended: 300 },
    { submitted: 0, card: [], ended: null },
    { type: 'video_fast', submitted: 0, card: [], ended: 5000 },
  )

  it('is told in real seconds, of the kind that is asked for', () => {
    expect(latencySeconds([run], 'sdxl')).toEqual([3, Infinity])
    expect(latencyAt(run, 'wan.video', 0.95)).toBe(50)
  })
})

describe('slowdown of videos', () => {
  it('is 1 where only the images’ compute was lost', () => {
    const run = runOf(
      {
        type: 'video_fast',
        submitted: 0,
        card: [
          [0, 100],
          [150, 300],
        ],
        ended: 310,
      },
      { submitted: 90, card: [[100, 150]], ended: 160 },
    )
    expect(videoSlowdown(run)).toBe(1)
  })

  it('grows with every pause, and leaves out images after the videos', () => {
    const run = runOf(
      {
        type: 'video_fast',
        submitted: 0,
        card: [
          [0, 100],
          [200, 300],
        ],
        ended: 310,
      },
      { submitted: 90, card: [[120, 170]], ended: 180 },
      { submitted: 290, card: [[300, 800]], ended: 900 },
    )
    expect(videoSlowdown(run)).toBeCloseTo(300 / 250)
  })
})

describe('fairness', () => {
  it('counts only the time in which both wait, and parts of stretches', () => {
    const run = runOf(
      { user: 'flood', submitted: 0, card: [[0, 100]], ended: 110 },
      { user: 'flood', submitted: 0, card: [[150, 350]], ended: 360 },
      { user: 'single', submitted: 60, card: [[100, 150]], ended: 160 },
    )
    // Together from 60 to 150.
    expect([...computeWhileAllWait(run).values()]).toEqual([40, 50])
    expect(fairness(run)).toBeCloseTo(90 ** 2 / (2 * (40 ** 2 + 50 ** 2)))
  })

  it('knows the ends of Jain’s scale', () => {
    expect(jainIndex([3, 3, 3])).toBeCloseTo(1)
    expect(jainIndex([5, 0])).toBe(0.5)
  })
})
