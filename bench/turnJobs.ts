import { randomFrom } from '../engines/preview/picture/random.ts'
import { enhanceJob, imageJob, videoJob } from '../engines/preview/testing/exampleJobs.ts'
import type { EnhanceJob, RenderJob } from '../engines/protocol.ts'
import { JOB_TYPES, type JobType, type Lane } from '../jobs/jobTypes.ts'

export type ImageLane = 'sdxl' | 'wan.image'

export interface Arrival {
  atMs: number
  lane: ImageLane
  job: RenderJob
}

/** Small pictures: their drawing, which is real, stays short beside the seconds of the card that are pretended. */
const SMALL = { width: 128, height: 128 } as const

function jobOf(type: JobType, seed: number): RenderJob {
  const { family, model, steps, guidance, renderSeconds } = JOB_TYPES[type]
  return { ...imageJob, type, family, model, steps, guidance, expectedSeconds: renderSeconds, seed }
}

export function jobFor(lane: Lane, seed: number): RenderJob | EnhanceJob {
  switch (lane) {
    case 'sdxl':
      return jobOf(seed % 2 === 0 ? 'sdxl_image_fast' : 'sdxl_image_high', seed)
    case 'wan.image':
      return { ...jobOf(seed % 2 === 0 ? 'image_fast' : 'image_high', seed), ...SMALL }
    case 'wan.video':
      return { ...jobOf('video_fast', seed), ...SMALL, frames: 5, prompt: videoJob.prompt }
    case 'wan.enhance':
      return enhanceJob
  }
}

/**
 * Images that arrive by chance, the same for the same seed. `load`: the part of the card's time that the images of each
 * lane ask for.
 */
export function poissonArrivals(options: {
  seed: number
  seconds: number
  speed: number
  load: Record<ImageLane, number>
}): Arrival[] {
  const { seed, seconds, speed, load } = options
  const arrivals: Arrival[] = []
  for (const lane of ['sdxl', 'wan.image'] as const) {
    const random = randomFrom('arrivals', lane, seed)
    const meanMs = ([0, 1].reduce((sum, kind) => sum + jobFor(lane, kind).expectedSeconds, 0) / 2) * 1_000
    const everyMs = (meanMs * speed) / load[lane]
    for (let atMs = 0; ; ) {
      atMs -= Math.log(1 - random()) * everyMs
      if (atMs >= seconds * 1_000) break
      const job = jobFor(lane, Math.floor(random() * 1_000))
      if (job.kind === 'render') arrivals.push({ atMs, lane, job })
    }
  }
  return arrivals.toSorted((a, b) => a.atMs - b.atMs)
}
