import type { CardConnection } from '../card/client.ts'
import { COSTS, loadSeconds, renderSeconds, SDXL_MODELS } from '../costs.ts'
import type { FileMaker } from '../files.ts'
import { pass } from '../pause.ts'
import type { Generate } from './runJob.ts'

/** The seed's `for i in range(num_images)`: an image is drawn and saved before the next. `warm` keeps the model between jobs. */
export function createSdxlGenerator(options: {
  card: CardConnection
  files: FileMaker
  warm: boolean
  scale: number
}): Generate {
  const { card, files, warm, scale } = options
  return async work => {
    if (!warm) await pass(loadSeconds(SDXL_MODELS), scale)
    const results: Buffer[] = []
    for (let index = 0; index < work.images; index++) {
      await card.compute(work.jobId, renderSeconds({ ...work, images: 1 }))
      results.push(await files.bytes(work, `${work.jobId} ${index}`))
      await pass(COSTS.encodePngSeconds, scale)
    }
    return results
  }
}
