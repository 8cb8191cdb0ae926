import type { Family } from './jobTypes.ts'
import type { ReferenceRole } from './plan.ts'

/** How a reference image is brought to the job's size; `outside` alone leaves what stands out over it. */
export type ReferenceFit = 'cover' | 'outside' | 'letterbox-black' | 'letterbox-white'

/**
 * The fit that the models expect: frames of a video fill the whole frame, as what pads them would be kept as part of it; VACE
 * wants a guiding picture on white; SDXL's adapter looks at the whole picture, and only where there is none is it cropped, to be
 * drawn over. `letterbox`: the earlier system's way instead, whole on black.
 */
export function referenceFit(family: Family, role: ReferenceRole, letterbox: boolean): ReferenceFit {
  if (letterbox) return 'letterbox-black'
  if (role !== 'single') return 'cover'
  return family === 'wan' ? 'letterbox-white' : 'outside'
}
