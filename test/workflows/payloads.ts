import { randomUUID } from 'node:crypto'
import type { JobType } from '../../jobs/jobTypes.ts'

export interface PayloadOptions {
  type?: JobType
  id?: string
  userId?: string
  prompt?: string
  config?: Record<string, unknown>
  metadata?: Record<string, unknown>
}

/** A payload as a producer sends it, small enough to be drawn at once. */
export function payloadOf(options: PayloadOptions = {}) {
  const { type = 'sdxl_image_fast', id = randomUUID(), userId = randomUUID() } = options
  const small = type.startsWith('sdxl') ? { size: '512*512', num_images: 1 } : {}
  return {
    id,
    type,
    prompt: options.prompt ?? 'a lighthouse at dusk',
    user_id: userId,
    config: { ...small, seed: 7, ...options.config },
    metadata: { created_from: 'test', ...options.metadata },
  }
}
