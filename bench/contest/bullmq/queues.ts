import type { DefaultJobOptions } from 'bullmq'
import { z } from 'zod'
import { type JobType, jobTypeRow } from '../../../jobs/jobTypes.ts'
import { workSchema } from '../work.ts'

/** A queue for each kind of render, so that an image does not stand in line behind videos, and one for what comes after. */
export const RENDER_QUEUES = ['sdxl', 'wan-image', 'wan-video'] as const
export type RenderQueue = (typeof RENDER_QUEUES)[number]
export const FINISH_QUEUE = 'finish'

export function queueOf(type: JobType): RenderQueue {
  const { family, medium } = jobTypeRow(type)
  return family === 'sdxl' ? 'sdxl' : medium === 'video' ? 'wan-video' : 'wan-image'
}

/** As BullMQ's guide to production has it: a few attempts, with growing pauses, and no finished jobs without end. */
export const JOB_OPTIONS = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: { age: 3600, count: 1000 },
  removeOnFail: { age: 24 * 3600 },
} as const satisfies DefaultJobOptions

/** A rendered job on its way to the store and the app. */
export const finishSchema = z.object({
  work: workSchema,
  files: z.array(z.string()),
  generationSeconds: z.number(),
})
export type Finish = z.infer<typeof finishSchema>
