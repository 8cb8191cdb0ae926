import { CancelledFailure } from '@temporalio/common'
import { type FailureCode, JobFailure } from '../jobs/failures.ts'
import { jobTypeNames } from '../jobs/jobTypes.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { CardActivities, UploadActivities } from '../workflows/activities.ts'

/** `generate`, with its results and its seconds of the card in the metrics. A cancelled attempt counts as `canceled`. */
export function measuredGenerate(
  generate: CardActivities['generate'],
  metrics: Metrics,
): CardActivities['generate'] {
  // Prometheus sees no rise in a series that begins with its first event.
  for (const type of jobTypeNames) metrics.renders.inc({ type, result: 'engine_crashed' }, 0)
  return async input => {
    const { type } = input.plan
    try {
      const receipt = await generate(input)
      if ('elsewhere' in receipt) return receipt
      metrics.renders.inc({ type, result: 'completed' })
      metrics.cardSeconds.observe({ type }, receipt.timings.cardMs / 1000)
      metrics.cardWaitSeconds.observe({ type }, receipt.timings.waitMs / 1000)
      if (receipt.memory !== null) metrics.renderPeakMiB.observe({ type }, receipt.memory.peakMiB)
      return receipt
    } catch (error) {
      metrics.renders.inc({ type, result: resultOf(error) })
      throw error
    }
  }
}

function resultOf(error: unknown): FailureCode {
  if (error instanceof JobFailure) return error.code
  return error instanceof CancelledFailure ? 'canceled' : 'internal'
}

/** `uploadAssets`, with the bytes of the assets in the metrics. */
export function measuredUpload(
  uploadAssets: UploadActivities['uploadAssets'],
  metrics: Metrics,
): UploadActivities['uploadAssets'] {
  return async input => {
    const assets = await uploadAssets(input)
    metrics.uploadedBytes.inc(assets.reduce((sum, { bytes }) => sum + bytes, 0))
    return assets
  }
}
