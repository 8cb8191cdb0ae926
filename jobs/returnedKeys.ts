import { cleanText } from './cleanText.ts'
import { extraKeys } from './extraKeys.ts'
import { type Sections, sectionsOf } from './payload.ts'
import type { ReturnedKeys } from './plan.ts'
import { firstGiven, SPELLINGS } from './spellings.ts'

/** Also of a payload that is no job, as far as it can be read. Never throws. */
export function returnedKeys(payload: unknown): ReturnedKeys {
  const sections = sectionsOf(payload)
  return {
    ids: {
      videoId: shortText(sections, 'videoId'),
      imageId: shortText(sections, 'imageId'),
      characterId: shortText(sections, 'characterId'),
      projectId: shortText(sections, 'projectId'),
    },
    extra: extraKeys(sections),
  }
}

/** Less what a database or a log would refuse. */
export function shortText(sections: Sections, parameter: keyof typeof SPELLINGS): string | null {
  const value = firstGiven(sections, SPELLINGS[parameter])?.value
  return typeof value === 'string' && value.length <= 64 ? cleanText(value) || null : null
}
