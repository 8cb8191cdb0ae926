import { proxyActivities, proxyLocalActivities, workflowInfo } from '@temporalio/workflow'
import type { createControlCard } from '../activities/controlCard.ts'
import type { createEnhancePrompt } from '../activities/enhancePrompt.ts'
import type { createFetchReferences } from '../activities/fetchReferences.ts'
import type { createGenerate } from '../activities/generate.ts'
import type { createPlanJob } from '../activities/planJob.ts'
import type { createPreprocessFrames } from '../activities/preprocessFrames.ts'
import type { createReadSettings } from '../activities/readSettings.ts'
import type { createRecordUsage } from '../activities/recordUsage.ts'
import type { createRemoveAssets } from '../activities/removeAssets.ts'
import type { createSendCallback } from '../activities/sendCallback.ts'
import type { createSweepJobs } from '../activities/sweepJobs.ts'
import type { createUploadAssets } from '../activities/uploadAssets.ts'
import { type Queues, queuesBeside } from '../jobs/queues.ts'

/** Activities of the `io` queue: they wait on the network and need no card. */
export interface IoActivities {
  fetchReferences: ReturnType<typeof createFetchReferences>
  preprocessFrames: ReturnType<typeof createPreprocessFrames>
  removeAssets: ReturnType<typeof createRemoveAssets>
  sweepJobs: ReturnType<typeof createSweepJobs>
}

/** Activities of the `callbacks` queue: they wait on the app, which may hang, and nothing else may wait for that. */
export interface CallbackActivities {
  sendCallback: ReturnType<typeof createSendCallback>
  recordUsage: ReturnType<typeof createRecordUsage>
}

/** Activities of the lanes, on the GPU worker. */
export interface CardActivities {
  generate: ReturnType<typeof createGenerate>
  enhancePrompt: ReturnType<typeof createEnhancePrompt>
}

/** Activities of one host's queue: they need the files that lie there, or are about its card. */
export interface HostActivities {
  uploadAssets: ReturnType<typeof createUploadAssets>
  controlCard: ReturnType<typeof createControlCard>
}

export interface LocalActivities {
  readSettings: ReturnType<typeof createReadSettings>
  planJob: ReturnType<typeof createPlanJob>
}

/** A call site adds what differs from the defaults: queue, summary, limits. */
export const local = proxyLocalActivities<LocalActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
})

export const io = () =>
  proxyActivities<IoActivities>({ taskQueue: queues().io, startToCloseTimeout: '5 minutes' })
export const callbacks = () =>
  proxyActivities<CallbackActivities>({ taskQueue: queues().callbacks, startToCloseTimeout: '1 minute' })

/** A cancelled render has the last word on whether the card had begun, and a cancelled upload on when it has stopped. */
const heard = { heartbeatTimeout: '30s', cancellationType: 'WAIT_CANCELLATION_COMPLETED' } as const

export const card = proxyActivities<CardActivities>({ ...heard, startToCloseTimeout: '1 day' })
export const host = proxyActivities<HostActivities>({ ...heard, startToCloseTimeout: '1 hour' })

/** The queues of this installation, told from the queue that the workflow itself runs on. */
export function queues(): Queues {
  return queuesBeside(workflowInfo().taskQueue)
}
