import { z } from 'zod'
import { jobTypeNames, jobTypeRow } from '../../jobs/jobTypes.ts'
import { planJob } from '../../jobs/planJob.ts'

/** What a job asks of whoever renders it. */
export const workSchema = z.object({
  jobId: z.string(),
  userId: z.string(),
  type: z.enum(jobTypeNames),
  family: z.enum(['sdxl', 'wan']),
  enhance: z.boolean(),
  bucket: z.string(),
  seed: z.number(),
  steps: z.number(),
  frames: z.number(),
  images: z.number(),
  width: z.number(),
  height: z.number(),
  /** Pictures that guide the render. */
  sources: z.array(z.object({ role: z.enum(['single', 'start', 'end']), source: z.string() })),
})
export type Work = z.infer<typeof workSchema>

/** Reads a payload as all contenders do. Throws where it is no job. */
export function workOf({ payload }: { payload: unknown }): Work {
  const result = planJob(payload)
  if (!result.ok) throw new Error(result.error.message)
  const { jobId, userId, type, enhance, bucket, seed, reference } = result.plan
  const { steps, frames, images, width, height } = result.plan
  const shape = { steps, frames, images, width, height, sources: reference.sources }
  return { jobId, userId, type, family: jobTypeRow(type).family, enhance, bucket, seed: seed ?? 0, ...shape }
}
