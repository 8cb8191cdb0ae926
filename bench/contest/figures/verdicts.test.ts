import { describe, expect, it } from 'vitest'
import { benchJob } from '../scenarios/benchJob.ts'
import type { ContenderName, ScenarioName } from '../scenarios/scenario.ts'
import { GOALS } from './goals.ts'
import { type ContestRun, verdicts } from './verdicts.ts'

/** A run of one SDXL job that took so long. */
function run(
  scenario: ScenarioName,
  contender: ContenderName,
  repeat: number,
  seconds: number,
  gapMs = 0,
): ContestRun {
  const job = benchJob({ key: [scenario, repeat], user: 'one', type: 'sdxl_image_fast' })
  const card = [{ jobId: job.id, client: 'engine', fromMs: gapMs, toMs: gapMs + 1000, computedMs: 1000 }]
  const jobs = [{ job, submittedAtMs: 0, endedAtMs: seconds * 1000, status: 'completed' as const }]
  return { scenario, contender, repeat, record: { contender, scale: 1, jobs, card } }
}

const outcomeOf = (runs: ContestRun[], figure: RegExp) =>
  verdicts(runs).find(each => each.scenario === 'backlog-sdxl' && figure.test(each.figure))

describe('verdicts', () => {
  it('compares each repeat with its own rival; the median decides', () => {
    const runs = [1, 2, 3].flatMap(repeat => [
      run('backlog-sdxl', 'ours', repeat, 10 * repeat),
      // 1.1, 1.2 and 1.3 times as long as ours, though the third repeat of ours is slower than the first of the loop.
      run('backlog-sdxl', 'loop warm', repeat, (11 + repeat - 1) * repeat),
    ])
    const outcome = outcomeOf(runs, /warm loop/)
    expect(outcome?.measured?.median).toBeCloseTo(1.2)
    expect(outcome?.measured?.min).toBeCloseTo(1.1)
    expect(outcome?.measured?.max).toBeCloseTo(1.3)
    expect(outcome?.verdict).toBe('met')
  })

  it('says where a goal is missed', () => {
    const outcome = outcomeOf([run('backlog-sdxl', 'ours', 1, 2, 20)], /idle gap/)
    expect(outcome?.measured?.median).toBeCloseTo(0.02)
    expect(outcome?.verdict).toBe('missed')
  })

  it('does not call a goal met that nothing measured', () => {
    expect(new Set(verdicts([]).map(({ verdict }) => verdict))).toEqual(new Set(['not measured']))
  })

  it('names the worst of several percentiles', () => {
    const runs = [run('poisson-70', 'ours', 1, 10), run('poisson-70', 'bullmq', 1, 9)]
    const outcome = verdicts(runs).find(
      each => each.scenario === 'poisson-70' && each.figure.includes('bullmq'),
    )
    expect(outcome).toMatchObject({ worst: 'sdxl p50', verdict: 'missed' })
  })

  it('has goals for every scenario but the idle cards, which are only compared with', () => {
    const named = new Set(GOALS.map(({ scenario }) => scenario))
    expect([...named].toSorted()).toEqual(
      [
        ...['backlog-sdxl', 'backlog-mix', 'wan-images-among-videos', 'sdxl-images-among-videos'],
        ...['poisson-70', 'poisson-90', 'flood'],
      ].toSorted(),
    )
  })
})
