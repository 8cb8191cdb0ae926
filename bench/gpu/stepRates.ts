import type { RenderJob } from '../../engines/protocol.ts'
import { median } from '../legs.ts'
import { startBareEngine } from './bareEngine.ts'
import { startBareLoop } from './bareLoop.ts'
import { drawPicture } from './picture.ts'
import type { Place, Tell } from './place.ts'
import { referringVideo, sdxlImages, type Workload, wanVideo } from './workload.ts'

export interface Rate {
  what: string
  mode: 'eager' | 'compiled'
  /** Median of the repeats. A step of a batch is one step. */
  oursPerSecond: number
  barePerSecond: number
  /** Ours to bare: of the medians, and the least and most of the repeats' own. */
  ratio: number
  spread: [number, number]
  /** Of the fastest runs of each: what others do on the machine only ever adds time. */
  ratioOfFastest: number
}

const TEXT_ENCODER = 'umt5_xxl'

/** Our program and the bare loop by turns, on the same models. The first run of each loads, compiles and is not counted. */
export async function measureRates(place: Place, workload: Workload, tell: Tell): Promise<Rate[]> {
  const rates = await ratesOf(place, workload, 'eager', tell)
  if (await place.compiles()) rates.push(...(await ratesOf(place, workload, 'compiled', tell)))
  else tell('no C compiler, or no Python.h: nothing is compiled')
  return rates
}

async function ratesOf(place: Place, workload: Workload, mode: Rate['mode'], tell: Tell): Promise<Rate[]> {
  const { jobLimitMs } = workload
  const options = { compile: mode === 'compiled', jobLimitMs, tell }
  const start = await drawPicture(place, workload.video)
  const bare = startBareLoop(place, options)
  try {
    const ours = await startBareEngine(place, options)
    try {
      const rates: Rate[] = []
      let last: string | null = null
      for (const { what, steps, job } of kinds(workload, start)) {
        const { family } = job(1)
        const lane = family === 'sdxl' ? 'sdxl' : 'wan.video'
        // Twice everything of both families would not fit every card; nor would the text encoder, which is done by then.
        if (family !== last) await Promise.all([ours.unload(), bare.drop()])
        last = family
        await ours.render(lane, job(steps.short))
        if (family === 'wan') await ours.unload([TEXT_ENCODER])
        await bare.run(job(steps.short))
        const measured = await alternate(workload.repeats, steps, {
          ours: async count => (await ours.render(lane, job(count))).done.timings.cardMs / 1000,
          bare: count => bare.run(job(count)),
        })
        const rate: Rate = { what, mode, ...measured }
        tell(`${what}, ${mode}: ${rate.oursPerSecond.toFixed(2)} steps/s, ${percent(rate.ratio)} of bare`)
        rates.push(rate)
      }
      return rates
    } finally {
      await ours.close()
    }
  } finally {
    await bare.close()
  }
}

interface Kind {
  what: string
  steps: { short: number; long: number }
  job: (steps: number) => RenderJob
}

function kinds(workload: Workload, start: string): Kind[] {
  const { image, video, sdxlSteps, wanSteps } = workload
  const clip = `${video.width}×${video.height}×${video.frames}`
  return [
    ...[1, 3, 6].map(images => ({
      what: `SDXL ${image.width}×${image.height}, batch ${images}`,
      steps: sdxlSteps,
      job: (steps: number) => sdxlImages(workload, images, steps),
    })),
    { what: `WAN T2V ${clip}`, steps: wanSteps, job: steps => wanVideo(workload, steps) },
    {
      what: `WAN VACE start ${clip}`,
      steps: wanSteps,
      job: steps => referringVideo(workload, { steps, mode: 'start', picture: start }),
    },
  ]
}

type Runner = (steps: number) => Promise<number>

async function alternate(
  repeats: number,
  { short, long }: Kind['steps'],
  run: { ours: Runner; bare: Runner },
): Promise<Omit<Rate, 'what' | 'mode'>> {
  const seconds = { ours: [] as Pair[], bare: [] as Pair[] }
  for (let repeat = 0; repeat < repeats; repeat++) {
    // Whoever is first in one repeat is second in the next.
    const order = repeat % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)
    const lasted = { ours: { short: 0, long: 0 }, bare: { short: 0, long: 0 } }
    for (const length of ['short', 'long'] as const) {
      for (const side of order) lasted[side][length] = await run[side](length === 'short' ? short : long)
    }
    for (const side of order) seconds[side].push(lasted[side])
  }
  const rateOf = (pair: Pair) => (long - short) / (pair.long - pair.short)
  const [ours, bare] = [seconds.ours.map(rateOf), seconds.bare.map(rateOf)]
  const ratios = ours.map((rate, index) => rate / (bare[index] ?? Number.NaN))
  return {
    oursPerSecond: median(ours),
    barePerSecond: median(bare),
    ratio: median(ours) / median(bare),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    ratioOfFastest: rateOf(fastest(seconds.ours)) / rateOf(fastest(seconds.bare)),
  }
}

interface Pair {
  short: number
  long: number
}

function fastest(pairs: readonly Pair[]): Pair {
  return {
    short: Math.min(...pairs.map(pair => pair.short)),
    long: Math.min(...pairs.map(pair => pair.long)),
  }
}

export const percent = (share: number) => `${(share * 100).toFixed(1)} %`
