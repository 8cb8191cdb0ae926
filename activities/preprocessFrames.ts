import { join } from 'node:path'
import pLimit from 'p-limit'
import { preprocessReference } from '../assets/preprocess.ts'
import type { Staging } from '../assets/staging.ts'
import type { Family } from '../jobs/jobTypes.ts'
import type { StagedReference } from '../jobs/receipt.ts'
import { referenceFit } from '../jobs/referenceFit.ts'
import { withHeartbeats } from './heartbeats.ts'

export interface PreprocessFramesDeps {
  staging: Staging
  /** Whether pictures are fitted whole on black, as the producers' own system did. */
  letterbox: boolean
  maxPixels: number
}

export interface PreprocessFramesInput {
  references: StagedReference[]
  family: Family
  width: number
  height: number
}

/**
 * Pictures are decoded in the few threads in which Node also looks up names and reads files: large ones, all of them at once,
 * would keep callbacks and uploads waiting, and take gigabytes.
 */
const DECODES_AT_ONCE = 2

/** Makes of staged originals the PNGs that the engine gets, and stages them. */
export function createPreprocessFrames({ staging, letterbox, maxPixels }: PreprocessFramesDeps) {
  const inTurn = pLimit(DECODES_AT_ONCE)
  return async function preprocessFrames(input: PreprocessFramesInput): Promise<StagedReference[]> {
    const { family, width, height } = input
    return await withHeartbeats(async ({ signal }) => {
      const frames: StagedReference[] = []
      for (const { role, file } of input.references) {
        signal.throwIfAborted()
        const fit = referenceFit(family, role, letterbox)
        const original = await staging.open(file.sha256)
        const frame = await staging.withScratch(async scratch => {
          const output = join(scratch, 'frame.png')
          const size = await inTurn(() =>
            preprocessReference(original, output, { width, height, fit, maxPixels }),
          )
          return await staging.put(output, size)
        })
        frames.push({ role, file: frame })
      }
      return frames
    })
  }
}
