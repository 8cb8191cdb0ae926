import type { JobType } from '../../../jobs/jobTypes.ts'
import { poisson, randomOf, totalSeconds } from './arrivals.ts'
import { benchJob } from './benchJob.ts'
import type { Scenario } from './scenario.ts'

/** 50 jobs, 788 s of the card: enough images for percentiles, and few enough videos for a run of minutes. */
const DECK: readonly (readonly [JobType, number])[] = [
  ['sdxl_image_fast', 15],
  ['sdxl_image_high', 15],
  ['image_fast', 8],
  ['image_high', 8],
  ['video_fast', 2],
  ['video_high', 2],
]

/** Arrivals that ask for this part of the card, by the table of costs. */
function poissonLoad(load: 0.7 | 0.9): Scenario {
  const percent = load === 0.7 ? 70 : 90
  const name = `poisson-${percent}` as const
  return {
    name,
    title: `Poisson arrivals at ${percent} % of the card`,
    contenders: ['loop warm', 'bullmq', 'ours'],
    arrivals({ seed, scale }) {
      const types = DECK.flatMap(([type, count]) => Array.from({ length: count }, () => type))
      const jobs = types.map((type, index) =>
        benchJob({ key: [name, seed, index], user: `user ${index % 7}`, type }),
      )
      const stretchMs = (totalSeconds(jobs) / load) * 1_000 * scale
      return poisson(jobs, stretchMs, randomOf(name, seed))
    },
  }
}

export const poisson70 = poissonLoad(0.7)
export const poisson90 = poissonLoad(0.9)
