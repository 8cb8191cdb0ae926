import { type JobType, jobTypeNames, jobTypeRow } from '../../jobs/jobTypes.ts'
import type { SubmissionLine } from './audit/evidence.ts'
import type { Random } from './random.ts'
import type { Pictures } from './world/pictures.ts'
import { PICTURE_BUCKET, USERS } from './world/referenceLibrary.ts'

export interface WantedJob {
  payload: Record<string, unknown>
  submission: Omit<SubmissionLine, 'at'>
}

interface Reference {
  kind: SubmissionLine['referenceKind']
  config: Record<string, unknown>
}

const NONE: Reference = { kind: 'none', config: {} }
const STYLES = ['style', 'composition', 'character'] as const
const PROMPTS = [
  'a lighthouse at dusk',
  'a red bicycle on a sunny wall',
  'a sailing boat under a sky of stars',
]

/** One job of the stream: any type, any mode of reference. `wish` is what its render is to act out. */
export function wantedJob(
  random: Random,
  pictures: Pictures,
  wish: string | null = null,
  type: JobType = random.pick(jobTypeNames),
  videoFrames: number | null = null,
): WantedJob {
  const row = jobTypeRow(type)
  const jobId = random.uuid()
  const userId = random.pick(USERS)
  const sdxl = row.family === 'sdxl'
  const [width, height] = sdxl ? [512, 512] : random.pick([[480, 832] as const, [832, 480] as const])
  const images = sdxl ? random.pick([1, 1, 3]) : 1
  const frames = row.medium === 'video' ? (videoFrames ?? random.pick([5, 9, 13])) : 1
  const reference = referenceOf(random, pictures, { row, userId })
  const fallback = reference.kind === 'url' && random.chance(0.5)
  const payload = {
    id: jobId,
    user_id: userId,
    type,
    prompt: random.pick(PROMPTS),
    config: {
      ...{ size: `${width}*${height}`, num_images: images, seed: random.int(1, 999_999) },
      ...(frames > 1 ? { frame_num: frames } : {}),
      ...reference.config,
      ...(fallback ? { reference_fallback: true } : {}),
    },
    metadata: { created_from: 'faults', ...(wish === null ? {} : { simulate: wish }) },
  }
  const extension = row.medium === 'video' ? 'mp4' : 'png'
  return {
    payload,
    submission: {
      ...{ jobId, userId, type, bucket: type, images, frames, width, height, extension, wish },
      referenceKind: reference.kind,
      mayDropReference: fallback,
    },
  }
}

function referenceOf(
  random: Random,
  pictures: Pictures,
  { row, userId }: { row: ReturnType<typeof jobTypeRow>; userId: string },
): Reference {
  const modes =
    row.medium === 'video'
      ? (['none', 'single', 'start', 'end', 'both'] as const)
      : (['none', 'single'] as const)
  const mode = random.pick(modes)
  if (mode === 'none') return NONE
  const kind = random.chance(0.5) ? 'url' : 'path'
  const source = () => {
    const name = random.pick(pictures.names)
    if (kind === 'path') return `${PICTURE_BUCKET}/${userId}/${name}`
    return random.chance(0.06) ? pictures.urlOf(`gone-${name}`) : pictures.urlOf(name)
  }
  const style = row.family === 'sdxl' ? { reference_type: random.pick(STYLES) } : {}
  switch (mode) {
    case 'single':
      return { kind, config: { reference_image_url: source(), ...style } }
    case 'start':
      return { kind, config: { first_frame: source() } }
    case 'end':
      return { kind, config: { last_frame: source() } }
    case 'both':
      return { kind, config: { first_frame: source(), last_frame: source() } }
  }
}
