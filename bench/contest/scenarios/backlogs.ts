import type { JobType } from '../../../jobs/jobTypes.ts'
import { backlog, randomOf } from './arrivals.ts'
import { benchJob, type JobOptions } from './benchJob.ts'
import type { Scenario } from './scenario.ts'

const SDXL_JOBS = 60

/** 60 SDXL jobs of one image, half of them fast: 360 s of the card. */
export const backlogSdxl: Scenario = {
  name: 'backlog-sdxl',
  title: 'Backlog of 60 SDXL jobs',
  contenders: ['loop warm', 'loop cold', 'bullmq', 'ours'],
  arrivals({ seed }) {
    const jobs = Array.from({ length: SDXL_JOBS }, (_, index) =>
      benchJob({
        key: ['backlog-sdxl', seed, index],
        user: `user ${index % 6}`,
        type: index % 2 === 0 ? 'sdxl_image_fast' : 'sdxl_image_high',
      }),
    )
    return backlog(jobs, randomOf('backlog-sdxl', seed))
  },
}

type MixRow = Pick<JobOptions, 'type' | 'images' | 'reference'> & { type: JobType }

/** Half SDXL, a quarter WAN images, a quarter videos; of 16 jobs six have a reference or are enhanced. */
const MIX: readonly MixRow[] = [
  { type: 'sdxl_image_fast' },
  { type: 'sdxl_image_fast' },
  { type: 'sdxl_image_fast', images: 3 },
  { type: 'sdxl_image_fast', reference: true },
  { type: 'sdxl_image_high' },
  { type: 'sdxl_image_high' },
  { type: 'sdxl_image_high' },
  { type: 'sdxl_image_high', reference: true },
  { type: 'image_fast' },
  { type: 'image_high' },
  { type: 'image_high', reference: true },
  { type: 'image7b_fast_enhanced' },
  { type: 'video_fast' },
  { type: 'video_high' },
  { type: 'video_fast', reference: true },
  { type: 'video7b_fast_enhanced' },
]

/** A sample of a day of the size that a contest has time for. */
export const backlogMix: Scenario = {
  name: 'backlog-mix',
  title: 'Backlog of a day’s mix',
  contenders: ['loop warm', 'loop cold', 'bullmq', 'ours'],
  arrivals({ seed }) {
    const jobs = MIX.map((row, index) =>
      benchJob({ ...row, key: ['backlog-mix', seed, index], user: `user ${index % 5}` }),
    )
    return backlog(jobs, randomOf('backlog-mix', seed))
  },
}
