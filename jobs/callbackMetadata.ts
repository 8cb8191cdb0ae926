import type { CallbackMetadata, OurMetadata } from './metadataKeys.ts'
import type { JobPlan, ReferenceRole, ReturnedKeys } from './plan.ts'
import type { RenderReceipt } from './receipt.ts'
import { generationSeconds, MIB_PER_GB, rounded } from './renderFigures.ts'

/**
 * What an event tells of a job: the payload's unknown keys, what we know of every job, and what this event adds to it. Of a
 * payload that is no job there is no plan, and `returned` tells what travels back.
 */
export function callbackMetadata(
  plan: JobPlan | null,
  more: OurMetadata,
  returned: ReturnedKeys | null = plan,
): CallbackMetadata {
  const ours = {
    ...(returned === null ? {} : idsMetadata(returned)),
    ...(plan === null ? {} : planMetadata(plan)),
    ...more,
  }
  return {
    ...returned?.extra,
    ...Object.fromEntries(Object.entries(ours).filter(([, value]) => value !== null)),
  }
}

function idsMetadata({ ids }: ReturnedKeys): OurMetadata {
  return {
    video_id: ids.videoId,
    image_id: ids.imageId,
    character_id: ids.characterId,
    project_id: ids.projectId,
  }
}

function planMetadata(plan: JobPlan): OurMetadata {
  const { reference } = plan
  // Of several guiding pictures the first is the one that the key has room for.
  const source = (of: ReferenceRole) => reference.sources.find(({ role }) => role === of)?.source ?? null
  return {
    seed: plan.seed,
    num_images: plan.images,
    expected_time: expectedSeconds(plan),
    requested_frames: plan.family === 'wan' ? plan.framesRequested : null,
    frames: plan.family === 'wan' ? plan.frames : null,
    reference_mode: reference.mode,
    reference_image_url: source('single'),
    start_reference_url: source('start'),
    end_reference_url: source('end'),
    reference_strength: reference.strength,
    reference_type: reference.type,
  }
}

/** What the render of a finished job adds: the seed it was drawn with, its time, its memory where there is a card. */
export function renderMetadata(plan: JobPlan, receipt: RenderReceipt, enhanceMs: number): OurMetadata {
  const { memory } = receipt
  const seconds = generationSeconds(receipt, enhanceMs)
  return {
    seed: receipt.seed,
    generation_time: seconds,
    performance_ratio: rounded(seconds / expectedSeconds(plan)),
    frames: plan.family === 'wan' ? (receipt.files[0]?.frames ?? plan.frames) : null,
    reference_method: receipt.engine.referenceMethod,
    ...(memory === null ? {} : memoryMetadata(memory)),
  }
}

/** The payload's own figure if it has one, else ours; never 0. */
function expectedSeconds(plan: JobPlan): number {
  return plan.reportedExpectedSeconds ?? rounded(plan.expectedRenderSeconds + plan.expectedEnhanceSeconds)
}

function memoryMetadata({ peakMiB, totalMiB }: NonNullable<RenderReceipt['memory']>): OurMetadata {
  return {
    vram_used_gb: rounded(peakMiB / MIB_PER_GB),
    vram_total_gb: rounded(totalMiB / MIB_PER_GB),
    vram_utilization: totalMiB > 0 ? rounded(peakMiB / totalMiB) : 0,
  }
}
