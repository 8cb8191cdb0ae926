import { patched, sleep } from '@temporalio/workflow'
import { io } from './activities.ts'

export interface RemoveAssetsInput {
  bucket: string
  userId: string
  jobId: string
  images: number
  extension: 'png' | 'mp4'
}

/** An upload that was cut off may have reached the store whole, and be written there a little later than it was given up. */
const LATE_WRITES = '2 minutes'

/**
 * Removes what a job that failed or was cancelled had already uploaded, for as long as the store needs to come back; and
 * once more for what arrived late.
 */
export async function removeAssetsWorkflow(input: RemoveAssetsInput): Promise<void> {
  await remove(input)
  if (!patched('late-writes')) return
  await sleep(LATE_WRITES)
  await remove(input)
}

function remove(input: RemoveAssetsInput): Promise<void> {
  return io().removeAssets.executeWithOptions(
    { summary: input.bucket, scheduleToCloseTimeout: '7 days', retry: { maximumInterval: '15 minutes' } },
    [input],
  )
}
