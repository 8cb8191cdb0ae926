import type { Sections } from './payload.ts'

/** A place in the payload: `config.seed`, `metadata.seed`, or a key of the payload itself. */
type Place = string

const inSections = (...names: string[]): Place[] => [
  ...names.map(name => `config.${name}`),
  ...names.map(name => `metadata.${name}`),
]

/**
 * Where each parameter may stand, in the order in which the places count: config before metadata, the earlier system's spelling
 * before the newer producers'. Any key that is not here is unknown, and travels back in the callback.
 */
export const SPELLINGS = {
  steps: inSections('sample_steps', 'num_inference_steps', 'steps'),
  guidance: inSections('sample_guide_scale', 'guidance_scale'),
  solver: inSections('sample_solver', 'scheduler'),
  shift: inSections('sample_shift'),
  size: inSections('size'),
  width: inSections('width'),
  height: inSections('height'),
  frames: inSections('frame_num'),
  images: inSections('num_images'),
  seed: inSections('seed'),
  negativePrompt: ['config.negative_prompt', 'negative_prompt', 'metadata.negative_prompt'],
  compelEnabled: [...inSections('compel_enabled'), 'compel_enabled'],
  compelWeights: [...inSections('compel_weights'), 'compel_weights'],
  single: ['config.image', ...inSections('reference_image_url'), 'reference_image_url'],
  /** The producers' own form of a single reference: an address that counts unless `reference_image` is false. */
  announced: inSections('reference_image'),
  announcedUrl: [...inSections('reference_url'), 'reference_url'],
  start: inSections('first_frame', 'start_reference_url'),
  end: inSections('last_frame', 'end_reference_url'),
  strength: inSections('reference_strength'),
  referenceType: inSections('reference_type'),
  fallback: inSections('reference_fallback'),
  bucket: ['bucket'],
  expectedSeconds: [...inSections('expected_time', 'expected_generation_time'), 'expected_time'],
  videoId: ['video_id', ...inSections('video_id')],
  imageId: ['image_id', ...inSections('image_id')],
  characterId: ['character_id', ...inSections('character_id')],
  projectId: ['project_id', 'projectId', ...inSections('project_id', 'projectId')],
  simulate: ['metadata.simulate'],
} as const satisfies Record<string, readonly Place[]>

/** Those of the places that are in one section of the payload. */
export function placesIn(section: 'config' | 'metadata', places: readonly Place[]): Place[] {
  return places.filter(place => place.startsWith(`${section}.`))
}

export interface Given {
  field: Place
  value: unknown
}

/** The first place that holds something; null, a blank text and an absent key hold nothing. */
export function firstGiven(payload: Sections, places: readonly Place[]): Given | null {
  for (const field of places) {
    const value = valueAt(payload, field)
    if (value === undefined || value === null) continue
    if (typeof value === 'string' && value.trim() === '') continue
    return { field, value }
  }
  return null
}

function valueAt(payload: Sections, field: Place): unknown {
  const [first = '', second] = field.split('.')
  if (second === undefined) return payload[first]
  return first === 'config' ? payload.config[second] : payload.metadata[second]
}
