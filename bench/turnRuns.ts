import { setTimeout } from 'node:timers/promises'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import { type BenchCard, startBenchCard } from './cardUnderTest.ts'
import { type Arrival, type ImageLane, jobFor } from './turnJobs.ts'

export interface ImageTimes {
  lane: ImageLane
  releasedMs: number
  doneMs: number
}

export interface MixedRun {
  images: ImageTimes[]
  /** From the first to the last release of a video: how many were rendered, and how long the images had the card meanwhile. */
  videos: { count: number; wallMs: number; imagesMs: number }
  cutInsMs: number[]
}

/** Images arrive, each at its moment whatever became of the ones before, while videos render back to back if they shall. */
export async function mixedRun(options: {
  speed: number
  turns: 'block' | 'job'
  arrivals: readonly Arrival[]
  videos: boolean
  seconds: number
}): Promise<MixedRun> {
  const { speed, turns, arrivals, seconds } = options
  const card = await startBenchCard({ speed, turns })
  try {
    await warmUp(card)
    const startedMs = performance.now()
    const over = () => performance.now() - startedMs > seconds * 1_000
    const releases: Release[] = []
    const rendering = options.videos ? keepBusy(card, 'wan.video', over, releases) : null
    const images = await Promise.all(
      arrivals.map(async ({ atMs, lane, job }) => {
        await setTimeout(Math.max(0, startedMs + atMs - performance.now()))
        const { releasedMs, doneMs } = await card.run(lane, job)
        return { lane, releasedMs, doneMs }
      }),
    )
    await rendering
    return { images, videos: between(releases), cutInsMs: card.cutInsMs }
  } finally {
    await card.stop()
  }
}

/** Every lane has jobs in line all the time: the part of the held time that each of them got. */
export async function saturatedRun(speed: number, seconds: number): Promise<Record<Lane, number>> {
  const card = await startBenchCard({ speed, turns: 'block' })
  try {
    await warmUp(card)
    const before = card.heldMs()
    const startedMs = performance.now()
    const over = () => performance.now() - startedMs > seconds * 1_000
    const lines = LANES.map(lane => keepBusy(card, lane, over, []))
    await setTimeout(seconds * 1_000)
    const after = card.heldMs()
    await Promise.all(lines)
    const held = LANES.map(lane => after[lane] - before[lane])
    const all = held.reduce((sum, ms) => sum + ms, 0)
    const [sdxl = 0, wanImage = 0, wanVideo = 0, wanEnhance = 0] = held.map(ms => ms / all)
    return { sdxl, 'wan.image': wanImage, 'wan.video': wanVideo, 'wan.enhance': wanEnhance }
  } finally {
    await card.stop()
  }
}

interface Release {
  atMs: number
  imagesMs: number
}

/** Renders jobs of a lane back to back, with always one more in line. */
async function keepBusy(
  card: BenchCard,
  lane: Lane,
  over: () => boolean,
  releases: Release[],
): Promise<void> {
  let seed = 0
  const oneAfterTheOther = async () => {
    while (!over()) await card.run(lane, jobFor(lane, seed++), () => void releases.push(releaseNow(card)))
  }
  await Promise.all([oneAfterTheOther(), oneAfterTheOther()])
}

function releaseNow(card: BenchCard): Release {
  const heldMs = card.heldMs()
  return { atMs: performance.now(), imagesMs: heldMs.sdxl + heldMs['wan.image'] }
}

function between(releases: readonly Release[]): MixedRun['videos'] {
  const [first, last] = [releases.at(0), releases.at(-1)]
  if (first === undefined || last === undefined) return { count: 0, wallMs: 0, imagesMs: 0 }
  const { atMs, imagesMs } = last
  return { count: releases.length - 1, wallMs: atMs - first.atMs, imagesMs: imagesMs - first.imagesMs }
}

async function warmUp(card: BenchCard): Promise<void> {
  await card.run('sdxl', jobFor('sdxl', 0))
  await card.run('wan.image', jobFor('wan.image', 0))
}
