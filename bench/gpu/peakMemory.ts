import type { EnhanceJob, RenderJob } from '../../engines/protocol.ts'
import { needsOf } from '../../gpu/memoryNeeds.ts'
import { isModelId, MODELS } from '../../gpu/models.ts'
import type { Lane } from '../../jobs/jobTypes.ts'
import { type BareEngine, type BareRender, startBareEngine } from './bareEngine.ts'
import { drawPicture } from './picture.ts'
import type { Place, Tell } from './place.ts'
import {
  type ImageReference,
  referringImages,
  referringVideo,
  sdxlImages,
  type VideoReference,
  type Workload,
  wanImage,
  wanVideo,
} from './workload.ts'

export interface Peak {
  what: string
  /**
   * What the allocator had reserved; without a card, what living tensors hold at the end, which says nothing of one. null: the
   * job failed, which was told.
   */
  peakMiB: number | null
  /** What gpu/models.ts and gpu/memoryNeeds.ts say of the real models. */
  tableMiB: number
}

interface Kind {
  what: string
  lane: Lane
  job: RenderJob | EnhanceJob
  /** Its text is new, so that the text encoder is loaded too. */
  encodes?: true
}

/** A peak is in the first step, or in decoding. */
const STEPS = 2
const NEW_PROMPT = 'a red bicycle on a wall'
const REFERENCED: readonly ImageReference[] = [null, 'style', 'composition', 'character']
const MODES: readonly VideoReference[] = ['start', 'end', 'both', 'single']

/** Each kind of job with nothing on the card but its own models, and nothing kept of the job before. */
export async function measurePeaks(place: Place, workload: Workload, tell: Tell): Promise<Peak[]> {
  const all = kinds(workload, {
    image: await drawPicture(place, workload.image),
    video: await drawPicture(place, workload.video),
  })
  const peaks: Peak[] = []
  let engine: BareEngine | null = null
  try {
    for (const kind of all) {
      engine ??= await startWithText(place, workload, tell)
      try {
        await engine.unload()
        const { done } = await engine.render(kind.lane, kind.job)
        peaks.push({ what: kind.what, peakMiB: done.peakMiB ?? Number.NaN, tableMiB: tableOf(kind, done) })
        tell(`${kind.what}: ${done.peakMiB} MiB`)
      } catch (error) {
        tell(`${kind.what}: ${error}`)
        peaks.push({ what: kind.what, peakMiB: null, tableMiB: tableOf(kind, {}) })
        // Whatever it left behind is no part of what others need.
        await engine.close()
        engine = null
      }
    }
  } finally {
    await engine?.close()
  }
  return peaks
}

/** It knows the text of WAN's jobs, which then need no text encoder. */
async function startWithText(place: Place, workload: Workload, tell: Tell): Promise<BareEngine> {
  const { jobLimitMs } = workload
  const engine = await startBareEngine(place, { compile: false, jobLimitMs, tell })
  try {
    await engine.render('wan.image', wanImage(workload, 1))
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

function kinds(workload: Workload, picture: { image: string; video: string }): Kind[] {
  const image = wanImage(workload, STEPS)
  return [
    ...[1, 3, 6].map(images => ({
      what: `SDXL, ${images} ${images === 1 ? 'image' : 'images'}`,
      lane: 'sdxl' as const,
      job: sdxlImages(workload, images, STEPS),
    })),
    ...REFERENCED.map(type => ({
      what: `SDXL, 6 images, ${type ?? 'image to image'}`,
      lane: 'sdxl' as const,
      job: referringImages(workload, { images: 6, steps: STEPS, type, picture: picture.image }),
    })),
    { what: 'WAN image', lane: 'wan.image', job: image },
    {
      what: 'WAN image, its text encoded',
      lane: 'wan.image',
      job: { ...image, prompt: NEW_PROMPT },
      encodes: true,
    },
    { what: 'WAN video', lane: 'wan.video', job: wanVideo(workload, STEPS) },
    ...MODES.map(mode => ({
      what: `WAN video, VACE ${mode}`,
      lane: 'wan.video' as const,
      job: referringVideo(workload, { steps: STEPS, mode, picture: picture.video }),
    })),
    {
      what: 'A prompt enhanced',
      lane: 'wan.enhance',
      job: { kind: 'enhance', prompt: NEW_PROMPT, medium: 'image', expectedSeconds: 1, simulate: null },
    },
  ]
}

/** The text encoder stays on the card here, where nobody asks for its memory. */
function tableOf(
  { job, encodes }: Kind,
  { referenceMethod }: Pick<BareRender['done'], 'referenceMethod'>,
): number {
  const installed = { ipAdapter: referenceMethod?.startsWith('ip-adapter') ?? false, wanByCommand: false }
  const { models, transient, workingMiB, encodingMiB } = needsOf(job, installed)
  const loaded = [...models, ...(encodes ? transient : [])].filter(isModelId)
  const weightsMiB = loaded.reduce((sum, model) => sum + MODELS[model].residentMiB, 0)
  return weightsMiB + (encodes ? Math.max(workingMiB, encodingMiB) : workingMiB)
}
