import type { JobPlan, ReferenceRole } from './plan.ts'
import type { RenderReceipt } from './receipt.ts'
import { generationSeconds, MIB_PER_GB, rounded } from './renderFigures.ts'

export type Metadata = Record<string, unknown>

/** What every event tells of a job; the payload's unknown keys come first, so that ours win. */
export function callbackMetadata(plan: JobPlan): Metadata {
  return {
    ...plan.extra,
    ...idMetadata(plan),
    ...(plan.seed === null ? {} : { seed: plan.seed }),
    num_images: plan.images,
    expected_time: expectedSeconds(plan),
    ...(plan.family === 'wan' ? { requested_frames: plan.framesRequested, frames: plan.frames } : {}),
    ...referenceMetadata(plan),
  }
}

/** The producers' own ids of what a job belongs to, as they named them. */
function idMetadata({ ids }: JobPlan): Metadata {
  const named = {
    video_id: ids.videoId,
    image_id: ids.imageId,
    character_id: ids.characterId,
    project_id: ids.projectId,
  }
  return Object.fromEntries(Object.entries(named).filter(([, id]) => id !== null))
}

/** What the render of a finished job adds: the seed it was drawn with, its time, its memory where there is a card. */
export function renderMetadata(plan: JobPlan, receipt: RenderReceipt, enhanceMs: number): Metadata {
  const seconds = generationSeconds(receipt, enhanceMs)
  const frames = receipt.files[0]?.frames ?? plan.frames
  return {
    seed: receipt.seed,
    generation_time: seconds,
    performance_ratio: rounded(seconds / expectedSeconds(plan)),
    ...(plan.family === 'wan' ? { frames } : {}),
    ...(receipt.engine.referenceMethod === null ? {} : { reference_method: receipt.engine.referenceMethod }),
    ...memoryMetadata(receipt),
  }
}

/** The payload's own figure if it has one, else ours; never 0. */
function expectedSeconds(plan: JobPlan): number {
  return plan.reportedExpectedSeconds ?? rounded(plan.expectedRenderSeconds + plan.expectedEnhanceSeconds)
}

const SOURCE_KEYS: Record<ReferenceRole, string> = {
  single: 'reference_image_url',
  start: 'start_reference_url',
  end: 'end_reference_url',
}

function referenceMetadata({ reference }: JobPlan): Metadata {
  if (reference.mode === 'none') return { reference_mode: 'none' }
  // The first of several guiding pictures is the one that the key has room for.
  const sources = reference.sources.toReversed().map(({ role, source }) => [SOURCE_KEYS[role], source])
  return {
    reference_mode: reference.mode,
    ...Object.fromEntries(sources),
    reference_strength: reference.strength,
    ...(reference.type === null ? {} : { reference_type: reference.type }),
  }
}

function memoryMetadata({ memory }: RenderReceipt): Metadata {
  if (memory === null) return {}
  return {
    vram_used_gb: rounded(memory.peakMiB / MIB_PER_GB),
    vram_total_gb: rounded(memory.totalMiB / MIB_PER_GB),
    vram_utilization: memory.totalMiB > 0 ? rounded(memory.peakMiB / memory.totalMiB) : 0,
  }
}
