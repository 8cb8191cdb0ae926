import type { RenderJob } from '../../engines/protocol.ts'
import { needsOf } from '../../gpu/memoryNeeds.ts'
import { isModelId, MODELS } from '../../gpu/models.ts'
import { startBareEngine } from './bareEngine.ts'
import { drawPicture } from './picture.ts'
import type { Place, Tell } from './place.ts'
import { sdxlImages, type Workload, wanImage, wanVideo } from './workload.ts'

export interface Peak {
  what: string
  /** What the allocator had reserved; without a card, what living tensors hold at the end, which says nothing of one. */
  peakMiB: number
  /** What gpu/models.ts and gpu/memoryNeeds.ts say of the real models. */
  tableMiB: number
}

const INSTALLED = { ipAdapter: false, wanByCommand: false }
/** A peak is in the first step, or in decoding. */
const STEPS = 2
const NEW_PROMPT = 'a red bicycle on a wall'

/** Each kind of job with nothing on the card but its own models, and nothing kept of the job before. */
export async function measurePeaks(place: Place, workload: Workload, tell: Tell): Promise<Peak[]> {
  const engine = await startBareEngine(place, { compile: false, jobLimitMs: workload.jobLimitMs })
  try {
    // From here on the text of WAN's jobs is known, and they need no text encoder.
    await engine.render('wan.image', wanImage(workload, 1))
    const peaks: Peak[] = []
    for (const { what, job, encodes } of kinds(workload, await drawPicture(place, workload.video))) {
      await engine.unload()
      const { done } = await engine.render(job.family === 'sdxl' ? 'sdxl' : 'wan.video', job)
      peaks.push({ what, peakMiB: done.peakMiB ?? Number.NaN, tableMiB: tableOf(job, encodes) })
      tell(`${what}: ${done.peakMiB} MiB`)
    }
    return peaks
  } finally {
    await engine.close()
  }
}

function kinds(workload: Workload, start: string): { what: string; job: RenderJob; encodes: boolean }[] {
  const unseen = { ...wanImage(workload, STEPS), prompt: NEW_PROMPT }
  return [
    ...[1, 3, 6].map(images => ({
      what: `SDXL, ${images} ${images === 1 ? 'image' : 'images'}`,
      job: sdxlImages(workload, images, STEPS),
      encodes: false,
    })),
    { what: 'WAN image', job: wanImage(workload, STEPS), encodes: false },
    { what: 'WAN image, its text encoded', job: unseen, encodes: true },
    { what: 'WAN video', job: wanVideo(workload, STEPS), encodes: false },
    { what: 'WAN video, VACE start', job: wanVideo(workload, STEPS, start), encodes: false },
  ]
}

/** The text encoder stays on the card here, where nobody asks for its memory. */
function tableOf(job: RenderJob, encodes: boolean): number {
  const { models, transient, workingMiB, encodingMiB } = needsOf(job, INSTALLED)
  const loaded = [...models, ...(encodes ? transient : [])].filter(isModelId)
  const weightsMiB = loaded.reduce((sum, model) => sum + MODELS[model].residentMiB, 0)
  return weightsMiB + (encodes ? Math.max(workingMiB, encodingMiB) : workingMiB)
}
