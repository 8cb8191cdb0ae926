import { createHash } from 'node:crypto'
import { JOB_TYPES, type JobType } from '../../../jobs/jobTypes.ts'
import type { BenchJob } from '../contract.ts'

export interface JobOptions {
  /** What makes the job itself: the same parts give the same job. */
  key: readonly (string | number)[]
  user: string
  type: JobType
  images?: number
  /** A picture that guides the render; the world's store has it. */
  reference?: boolean
}

const PROMPTS = ['a lighthouse at dusk', 'a red bicycle by a wall', 'a sailing boat on a calm sea'] as const

/** A job as the app would queue it, in the earlier system's shape. */
export function benchJob({ key, user, type, images = 1, reference = false }: JobOptions): BenchJob {
  const id = uuidFrom('job', ...key)
  const userId = uuidFrom('user', user)
  const { family, medium, steps, guidance, framesRequested, model } = JOB_TYPES[type]
  const number = Number.parseInt(id.slice(0, 6), 16)
  const picture = `reference_images/${userId}/lighthouse.png`
  return {
    id,
    userId,
    type,
    payload: {
      id,
      user_id: userId,
      type,
      prompt: PROMPTS[number % PROMPTS.length],
      bucket: type,
      config: {
        size: family === 'sdxl' ? '1024*1024' : '480*832',
        sample_steps: steps,
        sample_guide_scale: guidance,
        seed: number,
        num_images: images,
        ...(family === 'wan' ? { frame_num: framesRequested } : {}),
        ...(reference ? { [medium === 'video' ? 'first_frame' : 'reference_image_url']: picture } : {}),
        ...(reference ? { reference_strength: 0.5 } : {}),
      },
      metadata: { model_variant: model, credits: images },
    },
  }
}

/** A version 4 UUID, the same for the same parts. */
function uuidFrom(...parts: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
