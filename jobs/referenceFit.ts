import type { Family } from './jobTypes.ts'
import type { ReferenceRole } from './plan.ts'

/** How a reference image is brought to the job's size. */
export type ReferenceFit = 'cover' | 'letterbox-black' | 'letterbox-white'

/** `preview` behaves as `diffusers`, which it stands in for; `command` is the seed's own program. */
export type ReferenceEngine = 'preview' | 'diffusers' | 'command'

/**
 * The fit that an engine expects: frames of a video and pictures to draw over fill the whole frame; VACE wants a guiding
 * picture on white; the seed pads with black.
 */
export function referenceFit(engine: ReferenceEngine, family: Family, role: ReferenceRole): ReferenceFit {
  if (engine === 'command') return 'letterbox-black'
  return family === 'wan' && role === 'single' ? 'letterbox-white' : 'cover'
}
