import { JOB_TYPES } from '../../../jobs/jobTypes.ts'
import type { RunRecord } from '../contract.ts'
import { computeMs, computeWithin } from './computing.ts'

/**
 * What the videos took from the first one's start to the last one's end, against their own compute and the images' in
 * that time: 1 where they lost the images' compute and nothing more.
 */
export function videoSlowdown({ jobs, card }: RunRecord): number {
  const videoIds = new Set(
    jobs.flatMap(({ job }) => (JOB_TYPES[job.type].medium === 'video' ? [job.id] : [])),
  )
  const videos = card.filter(({ jobId }) => videoIds.has(jobId))
  const span = {
    fromMs: Math.min(...videos.map(({ fromMs }) => fromMs)),
    toMs: Math.max(...videos.map(({ toMs }) => toMs)),
  }
  const images = card.filter(({ jobId }) => !videoIds.has(jobId))
  return (span.toMs - span.fromMs) / (computeMs(videos) + computeWithin(images, [span]))
}
