import { byTime, randomOf } from './arrivals.ts'
import { benchJob } from './benchJob.ts'
import type { Scenario } from './scenario.ts'

const FLOOD_JOBS = 18
const SINGLE_JOBS = 24
/** Real seconds between two single jobs of 6 s on average: twice what half of the card can take, so they always wait. */
const EVERY_SECONDS = 6

/** One user brings 18 jobs of three images (432 s of the card) at once, another 24 of one image (144 s), one after the other. */
export const flood: Scenario = {
  name: 'flood',
  title: 'One user’s flood beside another’s single jobs',
  contenders: ['loop warm', 'bullmq', 'ours'],
  arrivals({ seed, scale }) {
    const random = randomOf('flood', seed)
    const many = Array.from({ length: FLOOD_JOBS }, (_, index) => ({
      atMs: 0,
      job: benchJob({ key: ['flood', seed, index], user: 'flood', type: 'sdxl_image_high', images: 3 }),
    }))
    const singles = Array.from({ length: SINGLE_JOBS }, (_, index) => ({
      atMs: (index + random()) * EVERY_SECONDS * 1_000 * scale,
      job: benchJob({
        key: ['single', seed, index],
        user: 'single',
        type: index % 2 === 0 ? 'sdxl_image_fast' : 'sdxl_image_high',
      }),
    }))
    return byTime(many, singles)
  },
}
