import { io } from './activities.ts'

export interface RemoveAssetsInput {
  bucket: string
  userId: string
  jobId: string
  images: number
  extension: 'png' | 'mp4'
}

/** Removes what a job that failed or was cancelled had already uploaded, for as long as the store needs to come back. */
export async function removeAssetsWorkflow(input: RemoveAssetsInput): Promise<void> {
  await io().removeAssets.executeWithOptions(
    { summary: input.bucket, scheduleToCloseTimeout: '7 days', retry: { maximumInterval: '15 minutes' } },
    [input],
  )
}
