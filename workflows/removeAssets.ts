import { sleep } from '@temporalio/workflow'
import { io, MINUTE_MS, SECOND_MS } from './activities.ts'
import { scaledMs } from './timeScale.ts'
import type { RemoveAssetsInput } from './types.ts'

/** An upload that was cut off may have reached the store whole, and be written there a little later than it was given up. */
const LATE_WRITES_MS = 2 * MINUTE_MS

/**
 * Removes what a job that failed or was cancelled had already uploaded, for as long as the store needs to come back; and
 * once more for what arrived late.
 */
export async function removeAssetsWorkflow(input: RemoveAssetsInput): Promise<void> {
  await remove(input)
  await sleep(scaledMs(input, LATE_WRITES_MS))
  await remove(input)
}

function remove(input: RemoveAssetsInput): Promise<void> {
  const { timeScale: _, ...assets } = input
  return io(input).removeAssets.executeWithOptions(
    {
      summary: input.bucket,
      scheduleToCloseTimeout: '7 days',
      retry: {
        initialInterval: scaledMs(input, SECOND_MS),
        maximumInterval: scaledMs(input, 15 * MINUTE_MS),
      },
    },
    [assets],
  )
}
