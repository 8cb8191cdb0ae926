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
import type { ACTIVITY_TYPES } from '../jobs/temporalNames.ts'
import { scaledMs } from './timeScale.ts'
import type { JobSettings } from './types.ts'

/** Activities of the `io` queue: they wait on the network and need no card. */
export interface IoActivities {
  [ACTIVITY_TYPES.fetchReferences]: ReturnType<typeof createFetchReferences>
  [ACTIVITY_TYPES.preprocessFrames]: ReturnType<typeof createPreprocessFrames>
  [ACTIVITY_TYPES.removeAssets]: ReturnType<typeof createRemoveAssets>
  [ACTIVITY_TYPES.sweepJobs]: ReturnType<typeof createSweepJobs>
}

/** Activities of the `callbacks` queue: they wait on the app, which may hang, and nothing else may wait for that. */
export interface CallbackActivities {
  [ACTIVITY_TYPES.sendCallback]: ReturnType<typeof createSendCallback>
  [ACTIVITY_TYPES.recordUsage]: ReturnType<typeof createRecordUsage>
}

/** Activities of the lanes, on the GPU worker. */
export interface CardActivities {
  [ACTIVITY_TYPES.generate]: ReturnType<typeof createGenerate>
  [ACTIVITY_TYPES.enhancePrompt]: ReturnType<typeof createEnhancePrompt>
}

/** Activities of one host's queue: about its card, and renders that began there. */
export interface HostActivities {
  [ACTIVITY_TYPES.generate]: ReturnType<typeof createGenerate>
  [ACTIVITY_TYPES.controlCard]: ReturnType<typeof createControlCard>
}

/** Activities of the queue of one host's uploads: they need the files that lie there, and wait on the store. */
export interface UploadActivities {
  [ACTIVITY_TYPES.uploadAssets]: ReturnType<typeof createUploadAssets>
}

export interface LocalActivities {
  readSettings: ReturnType<typeof createReadSettings>
  planJob: ReturnType<typeof createPlanJob>
}

export const SECOND_MS = 1000
export const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** Waiting for the card included, which a paused lane makes long. */
export const RENDER_LIMIT_MS = 24 * HOUR_MS

/** A call site adds what differs from the defaults: queue, summary, limits. */
export const local = proxyLocalActivities<LocalActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '10s' },
})

type Scale = Pick<JobSettings, 'timeScale'>

export const io = (scale: Scale) =>
  proxyActivities<IoActivities>({
    taskQueue: queues().io,
    startToCloseTimeout: scaledMs(scale, 5 * MINUTE_MS),
    retry: { initialInterval: scaledMs(scale, SECOND_MS) },
  })
export const callbacks = (scale: Scale) =>
  proxyActivities<CallbackActivities>({
    taskQueue: queues().callbacks,
    startToCloseTimeout: scaledMs(scale, MINUTE_MS),
  })

/** A cancelled activity is waited for: its answer says whether the card had begun, or that nothing is uploaded any more. */
const awaited = (scale: Scale) =>
  ({
    heartbeatTimeout: scaledMs(scale, 30 * SECOND_MS),
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  }) as const

export const card = (scale: Scale) =>
  proxyActivities<CardActivities>({
    ...awaited(scale),
    startToCloseTimeout: scaledMs(scale, RENDER_LIMIT_MS),
  })
export const host = (scale: Scale) => proxyActivities<HostActivities>(atHost(scale))
export const uploads = (scale: Scale) => proxyActivities<UploadActivities>(atHost(scale))
const atHost = (scale: Scale) => ({ ...awaited(scale), startToCloseTimeout: scaledMs(scale, HOUR_MS) })

/** The queues of this installation, told from the queue that the workflow itself runs on. */
export function queues(): Queues {
  return queuesBeside(workflowInfo().taskQueue)
}
