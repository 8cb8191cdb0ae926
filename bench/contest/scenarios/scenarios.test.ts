import { describe, expect, it } from 'vitest'
import { JOB_TYPES } from '../../../jobs/jobTypes.ts'
import { planJob } from '../../../jobs/planJob.ts'
import type { Arrival } from '../contract.ts'
import { ALL_SCENARIOS } from './all.ts'
import { totalSeconds } from './arrivals.ts'
import { SCENARIOS } from './scenario.ts'

const jobsOf = (arrivals: readonly Arrival[]) => arrivals.map(({ job }) => job)
const lane = ({ job }: Arrival) => JOB_TYPES[job.type].lane

describe.each(SCENARIOS)('%s', name => {
  const scenario = ALL_SCENARIOS[name]
  const arrivals = scenario.arrivals({ seed: 1, scale: 0.1 })

  it('is the same for the same seed, and another for another', () => {
    expect(scenario.arrivals({ seed: 1, scale: 0.1 })).toEqual(arrivals)
    expect(scenario.arrivals({ seed: 2, scale: 0.1 })).not.toEqual(arrivals)
  })

  it('brings jobs in order of time, each once', () => {
    expect(arrivals.map(({ atMs }) => atMs)).toEqual(
      arrivals.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    )
    expect(new Set(jobsOf(arrivals).map(({ id }) => id)).size).toBe(arrivals.length)
  })

  it('scales the times and nothing else', () => {
    const real = scenario.arrivals({ seed: 1, scale: 1 })
    expect(jobsOf(real)).toEqual(jobsOf(arrivals))
    for (const [index, { atMs }] of arrivals.entries()) expect(real[index]?.atMs).toBeCloseTo(atMs * 10)
  })

  it('has only jobs that the pipeline accepts', () => {
    for (const { payload, type } of jobsOf(arrivals)) {
      expect(planJob(payload)).toMatchObject({ ok: true, plan: { type } })
    }
  })
})

describe('what the scenarios bring', () => {
  it('a day’s mix: half SDXL, a quarter WAN images, a quarter videos', () => {
    const arrivals = ALL_SCENARIOS['backlog-mix'].arrivals({ seed: 3, scale: 0.1 })
    const count = (which: string) => arrivals.filter(arrival => lane(arrival) === which).length
    expect([count('sdxl'), count('wan.image'), count('wan.video')]).toEqual([8, 4, 4])
    const special = jobsOf(arrivals).filter(
      ({ type, payload }) => JOB_TYPES[type].enhance || JSON.stringify(payload).includes('lighthouse.png'),
    )
    expect(special.length / arrivals.length).toBeCloseTo(1 / 3, 1)
  })

  it.each([70, 90] as const)(
    'Poisson at %d %%: exactly so much work in the time of the arrivals',
    percent => {
      const scenario = ALL_SCENARIOS[`poisson-${percent}`]
      const arrivals = scenario.arrivals({ seed: 5, scale: 1 })
      const lastMs = arrivals.at(-1)?.atMs ?? 0
      const stretchMs = (totalSeconds(jobsOf(arrivals)) * 1000 * 100) / percent
      expect(lastMs).toBeLessThan(stretchMs)
      expect(lastMs).toBeGreaterThan(stretchMs * 0.8)
    },
  )

  it.each([['wan-images'], ['sdxl-images']] as const)('%s: the same on an idle card', key => {
    const options = { seed: 4, scale: 0.1 }
    const among = ALL_SCENARIOS[`${key}-among-videos`].arrivals(options)
    const idle = ALL_SCENARIOS[`${key}-idle`].arrivals(options)
    expect(among.filter(arrival => lane(arrival) !== 'wan.video')).toEqual(idle)
    const videos = among.filter(arrival => lane(arrival) === 'wan.video')
    expect(videos.every(({ atMs }) => atMs === 0)).toBe(true)
    // While images come, there is always a video to compute.
    const lastMs = idle.at(-1)?.atMs ?? 0
    expect(totalSeconds(jobsOf(among)) * options.scale * 1000).toBeGreaterThan(lastMs)
  })
})
