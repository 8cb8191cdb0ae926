import { type NativeConnection, Worker } from '@temporalio/worker'
import { createControlCard } from '../activities/controlCard.ts'
import { createEnhancePrompt } from '../activities/enhancePrompt.ts'
import { failureInterceptor } from '../activities/failureInterceptor.ts'
import { createGenerate } from '../activities/generate.ts'
import { logInterceptor } from '../activities/logInterceptor.ts'
import { createUploadAssets } from '../activities/uploadAssets.ts'
import { createStaging } from '../assets/createStaging.ts'
import { createStore } from '../assets/createStore.ts'
import type { RenderStore } from '../assets/renders.ts'
import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import type { RenderDesk } from '../engines/renderDesk.ts'
import type { LaneModes } from '../gpu/laneModes.ts'
import type { CardStatus } from '../jobs/cardStatus.ts'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import { queuesWithPrefix } from '../jobs/queues.ts'
import type { Config } from '../runtime/config.ts'
import type { Logger } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { CardActivities, HostActivities, UploadActivities } from '../workflows/activities.ts'
import { scaledMs } from '../workflows/timeScale.ts'
import { workerDataConverter } from './dataConverter.ts'
import { createLaneGate, opensWithin } from './laneGate.ts'
import { laneSlots } from './laneSlots.ts'
import { measuredGenerate, measuredUpload } from './measured.ts'
import { createMissingVace } from './missingVace.ts'
import type { MissingWeights } from './missingWeights.ts'
import type { NoRoom } from './noRoom.ts'
import type { Preparation } from './preparation.ts'

export interface GpuWorkerDeps {
  config: Config
  connection: NativeConnection
  /** What Temporal is to call this process. */
  identity: string
  program: InferenceProgram
  desk: RenderDesk
  renders: RenderStore
  lanes: LaneModes
  missingWeights: MissingWeights
  noRoom: NoRoom
  preparation: Preparation
  status: () => Promise<CardStatus>
  metrics: Metrics
  log: Logger
}

/** One job computes in a lane while the next one's inputs are made ready. */
const JOBS_PER_LANE = 2
const UPLOADS_AT_ONCE = 8
/** An operator's commands, and attempts that wait at home for a render, as all do after an outage. */
const HOST_ACTIVITIES_AT_ONCE = 50
/** A render whose attempt was lost waits so long for the program of its machine; then any machine may make it. */
const OPENS_SOON_MS = 10_000
/** Neither lanes nor hosts have workflows; what a tuner must name but nobody uses. */
const UNUSED_SLOTS = { type: 'fixed-size', numSlots: 2 } as const

/**
 * The workers of one card: one per lane, so that no kind waits in line behind another, and two for this host: what is asked of
 * it, and its uploads.
 */
export function createGpuWorkers({
  config,
  connection,
  identity,
  program,
  desk,
  renders,
  lanes,
  missingWeights,
  noRoom,
  preparation,
  status,
  metrics,
  log,
}: GpuWorkerDeps): Promise<Worker[]> {
  const queues = queuesWithPrefix(config.temporal.queuePrefix)
  const store = createStore(config.store)
  const staging = createStaging(config.staging, store)
  const simulate = !config.production
  const { timeScale } = config
  const gate = createLaneGate({ program, missingWeights, noRoom, preparation, log })
  const generating = { hostId: config.hostId, desk, staging, simulate, timeScale }
  const card: CardActivities = {
    generate: measuredGenerate(createGenerate(generating), metrics),
    enhancePrompt: createEnhancePrompt({
      ...{ program, simulate, timeScale },
      missingVace: createMissingVace(config),
    }),
  }
  const host: HostActivities = {
    generate: measuredGenerate(
      createGenerate({
        ...generating,
        mayBegin: (lane, signal) => opensWithin(scaledMs(config, OPENS_SOON_MS), gate, lane, signal),
      }),
      metrics,
    ),
    controlCard: createControlCard({ lanes, status }),
  }
  const uploads: UploadActivities = {
    uploadAssets: measuredUpload(createUploadAssets({ ...config.store, store, renders }), metrics),
  }
  const shared = {
    connection,
    identity,
    namespace: config.temporal.namespace,
    dataConverter: workerDataConverter(config.encryption),
    shutdownGraceTime: config.shutdownGraceMs,
    // A cancellation travels in the answer to a heartbeat, so this bounds how late the card hears of it. That a render has
    // the card must be told before it can be over: in 4 s, and where a test scales time its pretended renders are quicker still.
    maxHeartbeatThrottleInterval: scaledMs(config, 2000) * Math.min(1, timeScale),
    interceptors: { activity: [logInterceptor, failureInterceptor] },
  }
  return Promise.all([
    ...LANES.map(lane =>
      Worker.create({
        ...shared,
        taskQueue: queues.lane(lane),
        activities: { ...card },
        tuner: {
          activityTaskSlotSupplier: laneSlots({ lane, lanes, gate, count: JOBS_PER_LANE }),
          localActivityTaskSlotSupplier: UNUSED_SLOTS,
          workflowTaskSlotSupplier: UNUSED_SLOTS,
          nexusTaskSlotSupplier: UNUSED_SLOTS,
        },
        maxConcurrentActivityTaskPolls: JOBS_PER_LANE,
      }),
    ),
    Worker.create({
      ...shared,
      taskQueue: queues.host(config.hostId),
      activities: { ...host },
      maxConcurrentActivityTaskExecutions: HOST_ACTIVITIES_AT_ONCE,
    }),
    Worker.create({
      ...shared,
      taskQueue: queues.uploads(config.hostId),
      activities: { ...uploads },
      maxConcurrentActivityTaskExecutions: UPLOADS_AT_ONCE,
    }),
  ])
}

/** Tells how a lane's Worker is, among those that there are by now. */
export function laneWorkerState(config: Config, workers: () => readonly Worker[]) {
  const queues = queuesWithPrefix(config.temporal.queuePrefix)
  return (lane: Lane): string | null =>
    workers()
      .find(worker => worker.options.taskQueue === queues.lane(lane))
      ?.getState() ?? null
}
