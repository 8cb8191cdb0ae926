import type { Family } from './jobTypes.ts'
import type { ReferenceRole } from './plan.ts'

/** How a reference image is brought to the job's size. */
export type ReferenceFit = 'cover' | 'letterbox-black' | 'letterbox-white'

/**
 * The fit that the models expect: frames of a video and pictures to draw over fill the whole frame, as what pads them would
 * be kept as part of it; VACE wants a guiding picture on white. `letterbox`: the earlier system's way instead, whole on black.
 */
export function referenceFit(family: Family, role: ReferenceRole, letterbox: boolean): ReferenceFit {
  if (letterbox) return 'letterbox-black'
  return family === 'wan' && role === 'single' ? 'letterbox-white' : 'cover'
}
