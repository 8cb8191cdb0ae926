import type { RenderJob } from '../../engines/protocol.ts'
import { median } from '../legs.ts'
import { type BareEngine, startBareEngine } from './bareEngine.ts'
import type { Place, Tell } from './place.ts'
import { sdxlImages, type Workload, wanImage } from './workload.ts'

export interface WarmAndCold {
  what: string
  /** From a job's submission to its file, in a program that has the models. */
  warmMs: number
  /** A process for the job alone: start, imports, loading, the same job, end. Files come from the page cache. */
  coldMs: number
}

/** A start costs much and varies little. */
const MOST_COLD = 2

export async function measureWarmth(place: Place, workload: Workload, tell: Tell): Promise<WarmAndCold[]> {
  const { repeats, imageSteps, jobLimitMs } = workload
  const kinds = [
    { what: `SDXL image, ${imageSteps} steps`, lane: 'sdxl', job: sdxlImages(workload, 1, imageSteps) },
    { what: `WAN image, ${imageSteps} steps`, lane: 'wan.image', job: wanImage(workload, imageSteps) },
  ] as const
  const start = () => startBareEngine(place, { compile: false, jobLimitMs, tell })
  const warm = await closing(await start(), async engine => {
    const medians: number[] = []
    for (const { lane, job } of kinds) {
      await engine.render(lane, job)
      const times: number[] = []
      for (let count = 0; count < repeats; count++) {
        times.push((await engine.render(lane, asNew(job, count))).wallMs)
      }
      medians.push(median(times))
    }
    return medians
  })
  const results: WarmAndCold[] = []
  for (const [index, { what, lane, job }] of kinds.entries()) {
    const times: number[] = []
    for (let count = 0; count < Math.min(repeats, MOST_COLD); count++) {
      const sinceMs = performance.now()
      await closing(await start(), engine => engine.render(lane, job))
      times.push(performance.now() - sinceMs)
    }
    const result = { what, warmMs: warm[index] ?? Number.NaN, coldMs: median(times) }
    tell(`${what}: warm ${result.warmMs.toFixed(0)} ms, a process of its own ${result.coldMs.toFixed(0)} ms`)
    results.push(result)
  }
  return results
}

/** With a text that was not encoded before. */
function asNew(job: RenderJob, count: number): RenderJob {
  return { ...job, prompt: `${job.prompt}, the ${count + 1}. of them` }
}

async function closing<T>(engine: BareEngine, use: (engine: BareEngine) => Promise<T>): Promise<T> {
  try {
    return await use(engine)
  } finally {
    await engine.close()
  }
}
