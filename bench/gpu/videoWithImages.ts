import { setTimeout } from 'node:timers/promises'
import { median, quantile } from '../legs.ts'
import { type DrivenCard, type DrivenRender, startDrivenCard } from './drivenCard.ts'
import { type GateCost, measureGateCost } from './gateCost.ts'
import type { Place, Tell } from './place.ts'
import { sdxlImages, type Workload, wanImage, wanVideo } from './workload.ts'

export interface VideoWithImages {
  video: { what: string; aloneMs: number; aloneHeldMs: number; amongMs: number; amongHeldMs: number }
  /** Whether it became the same file, byte for byte. */
  sameFile: boolean
  images: { count: number; heldMs: number; idleP50Ms: number; p50Ms: number; p95Ms: number }
  /** null when nothing could cut in: on a small card there is no room for an image beside a video. */
  cutIns: { count: number; p50Ms: number; p99Ms: number; mostMs: number } | null
  gates: GateCost[]
}

/** In the order in which they take turns. */
const IMAGES = ['SDXL image', 'WAN image'] as const

/** A whole video alone, then again while images of both image lanes come one after another; all files are checked. */
export async function measureVideo(place: Place, workload: Workload, tell: Tell): Promise<VideoWithImages> {
  const card = await startDrivenCard(place, workload.jobLimitMs)
  try {
    const { video, videoSteps } = workload
    const job = wanVideo(workload, videoSteps)
    await card.render('wan.video', wanVideo(workload, 1))
    for (let count = 0; count < 2; count++) await renderImage(card, workload, count)
    const idle: DrivenRender[] = []
    for (let count = 0; count < 2 * workload.repeats; count++) {
      idle.push(await renderImage(card, workload, count))
    }
    const alone = await card.render('wan.video', job)
    tell(`the video alone: ${(alone.wallMs / 1000).toFixed(1)} s`)
    card.cutInsMs.length = 0
    let over = false
    const rendering = card.render('wan.video', job).finally(() => {
      over = true
    })
    // An image that fails ends this run, and the video with it.
    rendering.catch(() => {})
    const images: DrivenRender[] = []
    for (let count = 0; !over; count++) {
      await setTimeout(pauseMs(workload))
      if (!over) images.push(await renderImage(card, workload, count))
    }
    const among = await rendering
    tell(
      `among ${images.length} images: ${(among.wallMs / 1000).toFixed(1)} s, ${card.cutInsMs.length} cut-ins`,
    )
    const walls = images.map(image => image.wallMs)
    return {
      video: {
        what: `${video.width}×${video.height}, ${video.frames} frames, ${videoSteps} steps`,
        ...{ aloneMs: alone.wallMs, aloneHeldMs: alone.heldMs },
        ...{ amongMs: among.wallMs, amongHeldMs: among.heldMs },
      },
      sameFile: alone.sha256 === among.sha256,
      images: {
        count: images.length,
        heldMs: images.reduce((sum, image) => sum + image.heldMs, 0),
        idleP50Ms: median(idle.map(image => image.wallMs)),
        p50Ms: median(walls),
        p95Ms: quantile(walls, 0.95),
      },
      cutIns: card.cutInsMs.length === 0 ? null : cutInsOf(card.cutInsMs),
      gates: await measureGateCost(place, card.gateLog, [
        { what: 'WAN video', render: alone },
        ...idle.slice(0, 2).map((render, index) => ({ what: IMAGES[index] ?? '', render })),
      ]),
    }
  } finally {
    await card.stop()
  }
}

function cutInsOf(cutInsMs: readonly number[]): VideoWithImages['cutIns'] {
  const [p50Ms, p99Ms] = [median(cutInsMs), quantile(cutInsMs, 0.99)]
  return { count: cutInsMs.length, p50Ms, p99Ms, mostMs: Math.max(...cutInsMs) }
}

function renderImage(card: DrivenCard, workload: Workload, count: number): Promise<DrivenRender> {
  const steps = workload.cuttingSteps
  if (count % 2 === 0) return card.render('sdxl', sdxlImages(workload, 1, steps))
  return card.render('wan.image', wanImage(workload, steps))
}

function pauseMs({ pauseMs: { least, most } }: Workload): number {
  return least + Math.random() * (most - least)
}
