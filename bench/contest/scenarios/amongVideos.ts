import type { JobType } from '../../../jobs/jobTypes.ts'
import type { Arrival } from '../contract.ts'
import { backlog, byTime, poisson, randomOf } from './arrivals.ts'
import { benchJob } from './benchJob.ts'
import type { Scenario, ScenarioName } from './scenario.ts'

interface Among {
  /** Of the pair of scenarios, which share their images. */
  key: string
  images: readonly [JobType, JobType]
  imageCount: number
  videos: readonly JobType[]
  /** Real seconds in which the images come; the videos need more card than they leave in it. */
  seconds: number
}

/** 40 images, 120 s of the card, beside 5 videos of 678 s. */
const WAN: Among = {
  key: 'wan-images',
  images: ['image_fast', 'image_high'],
  imageCount: 40,
  videos: ['video_fast', 'video_high', 'video_fast', 'video_high', 'video_fast'],
  seconds: 700,
}

/** 45 images, 270 s of the card, beside 4 videos of 560 s. */
const SDXL: Among = {
  key: 'sdxl-images',
  images: ['sdxl_image_fast', 'sdxl_image_high'],
  imageCount: 45,
  videos: ['video_fast', 'video_high', 'video_fast', 'video_high'],
  seconds: 750,
}

function imagesOf({ key, images, imageCount, seconds }: Among, seed: number, scale: number): Arrival[] {
  const jobs = Array.from({ length: imageCount }, (_, index) =>
    benchJob({ key: [key, seed, index], user: `user ${index % 4}`, type: images[index % 2 === 0 ? 0 : 1] }),
  )
  return poisson(jobs, seconds * 1_000 * scale, randomOf(key, seed))
}

function videosOf({ key, videos }: Among, seed: number): Arrival[] {
  const jobs = videos.map((type, index) =>
    benchJob({ key: [key, 'video', seed, index], user: `user ${index}`, type }),
  )
  return backlog(jobs, randomOf(`${key} videos`, seed))
}

const amongVideos = (name: ScenarioName, title: string, among: Among): Scenario => ({
  name,
  title,
  contenders: ['loop warm', 'bullmq', 'ours'],
  arrivals: ({ seed, scale }) => byTime(videosOf(among, seed), imagesOf(among, seed, scale)),
})

/** The same images with the card to themselves: what the other is compared with. */
const onIdleCard = (name: ScenarioName, title: string, among: Among): Scenario => ({
  name,
  title,
  contenders: ['ours'],
  arrivals: ({ seed, scale }) => imagesOf(among, seed, scale),
})

export const wanImagesAmongVideos = amongVideos(
  'wan-images-among-videos',
  'WAN images arriving while videos queue',
  WAN,
)
export const wanImagesIdle = onIdleCard('wan-images-idle', 'The same WAN images, the card idle', WAN)
export const sdxlImagesAmongVideos = amongVideos(
  'sdxl-images-among-videos',
  'SDXL images arriving while videos run',
  SDXL,
)
export const sdxlImagesIdle = onIdleCard('sdxl-images-idle', 'The same SDXL images, the card idle', SDXL)
