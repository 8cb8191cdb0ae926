import { fileURLToPath } from 'node:url'
import { Client, type Connection } from '@temporalio/client'
import { type NativeConnection, Worker, type WorkflowBundleOption } from '@temporalio/worker'
import type { Logger } from 'pino'
import { DELIVERIES } from '../activities/deliveryReport.ts'
import { failureInterceptor } from '../activities/failureInterceptor.ts'
import { createFetchReferences } from '../activities/fetchReferences.ts'
import { logInterceptor } from '../activities/logInterceptor.ts'
import { createPlanJob } from '../activities/planJob.ts'
import { createPreprocessFrames } from '../activities/preprocessFrames.ts'
import { createReadSettings } from '../activities/readSettings.ts'
import { createRecordUsage } from '../activities/recordUsage.ts'
import { createRemoveAssets } from '../activities/removeAssets.ts'
import { createSendCallback } from '../activities/sendCallback.ts'
import { createSweepJobs } from '../activities/sweepJobs.ts'
import { createStaging } from '../assets/createStaging.ts'
import { createStore } from '../assets/createStore.ts'
import { createGuardedFetch } from '../assets/guardedFetch.ts'
import { CALLBACK_BODY_STATUSES } from '../jobs/callback.ts'
import { queuesWithPrefix } from '../jobs/queues.ts'
import { referenceBuckets } from '../jobs/referenceSource.ts'
import type { Config } from '../runtime/config.ts'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import type { Metrics } from '../runtime/metrics.ts'
import type { CallbackActivities, IoActivities, LocalActivities } from '../workflows/activities.ts'
import { attemptLimitMs } from '../workflows/receiverLimit.ts'
import { scaledMs, scaleOf } from '../workflows/timeScale.ts'
import type { JobSettings } from '../workflows/types.ts'
import { workerDataConverter } from './dataConverter.ts'
import { createJobStatus, createToldSince } from './jobStatus.ts'

export interface ControlWorkerDeps {
  config: Config
  connection: NativeConnection
  clientConnection: Connection
  log: Logger
  metrics: Metrics
  /** Workflow code bundled before; tests share one bundle. */
  workflowBundle?: WorkflowBundleOption
}

/**
 * They compute, and by turns: with the usual 40 the first job of a burst of 60 waits for most of the others' plans. Measured
 * by `npm run bench -- --scenario backlog-sdxl`: the card waits for 0.87 % of the backlog's compute; with 8 it was 1.01 %.
 */
const WORKFLOW_TASKS_AT_ONCE = 4
/**
 * More than are about to do something. Half a MiB each (`npm run bench:scale`): by the SDK's own figure, thousands of jobs
 * that only wait would fill the memory. One that is not there any more is replayed, in milliseconds.
 */
const WORKFLOWS_IN_MEMORY = 200
const IO_AT_ONCE = 50
/** Sockets that mostly wait: a receiver that hangs must not keep other jobs' callbacks in line. */
const CALLBACKS_AT_ONCE = 500
/** A cancellation comes with the answer to a heartbeat, of which the SDK sends one in 24 s by default. */
const CANCELLATION_HEARD_MS = 5_000
/** From a job's deadline to when it counts as stuck; more than the longest ending of a job takes. */
const STUCK_GRACE_MS = 15 * 60_000

/** The workers of one control process: workflows with their local activities, and the `io` and `callbacks` queues. */
export async function createControlWorkers(deps: ControlWorkerDeps): Promise<Worker[]> {
  const { config, connection } = deps
  const queues = queuesWithPrefix(config.temporal.queuePrefix)
  const shared = {
    connection,
    namespace: config.temporal.namespace,
    dataConverter: workerDataConverter(config.encryption),
    shutdownGraceTime: config.shutdownGraceMs,
    interceptors: { activity: [logInterceptor, failureInterceptor] },
  }
  return Promise.all([
    Worker.create({
      ...shared,
      taskQueue: queues.jobs,
      ...(deps.workflowBundle
        ? { workflowBundle: deps.workflowBundle }
        : { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) }),
      activities: { ...localActivities(config) },
      enableNonLocalActivities: false,
      maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_AT_ONCE,
      maxCachedWorkflows: WORKFLOWS_IN_MEMORY,
    }),
    Worker.create({
      ...shared,
      taskQueue: queues.io,
      activities: { ...ioActivities(deps) },
      maxConcurrentActivityTaskExecutions: IO_AT_ONCE,
      maxHeartbeatThrottleInterval: CANCELLATION_HEARD_MS,
    }),
    Worker.create({
      ...shared,
      taskQueue: queues.callbacks,
      activities: { ...callbackActivities(deps) },
      maxConcurrentActivityTaskExecutions: CALLBACKS_AT_ONCE,
    }),
  ])
}

function settingsOf(config: Config): JobSettings {
  return {
    callbacks: config.callback.url !== null,
    callbackTimeoutMs: config.callback.timeoutMs,
    callbackRetryMs: config.callback.retryMs,
    usage: config.metricsUrl !== null,
    hostLostMs: config.hostLostMs,
    deadlineFactor: config.deadlineFactor,
    quarantineMs: config.quarantineMs,
    ...scaleOf(config),
  }
}

function localActivities(config: Config): LocalActivities {
  const settings = settingsOf(config)
  return {
    planJob: createPlanJob({ outputBuckets: config.store.outputBuckets, settings }),
    readSettings: createReadSettings({ settings }),
  }
}

function ioActivities({ config, clientConnection, metrics }: ControlWorkerDeps): IoActivities {
  const store = createStore(config.store)
  const staging = createStaging(config.staging, store)
  return {
    fetchReferences: createFetchReferences({
      store,
      staging,
      fetchUrl: createGuardedFetch(config.references),
      buckets: referenceBuckets(config.store.outputBuckets),
      limits: config.references,
    }),
    preprocessFrames: createPreprocessFrames({
      staging,
      letterbox: config.references.letterbox,
      maxPixels: config.references.maxPixels,
    }),
    removeAssets: createRemoveAssets({
      store,
      jobStatus: createJobStatus(clientConnection, config.temporal.namespace),
    }),
    sweepJobs: createSweepJobs({
      client: new Client({
        connection: clientConnection,
        namespace: config.temporal.namespace,
        dataConverter: clientDataConverter(config.encryption),
      }),
      jobsQueue: queuesWithPrefix(config.temporal.queuePrefix).jobs,
      callbacks: config.callback.url !== null,
      callbackAttemptMs: attemptLimitMs(settingsOf(config)),
      deadlineFactor: config.deadlineFactor,
      quarantineMs: config.quarantineMs,
      stuckGraceMs: scaledMs(config, STUCK_GRACE_MS),
      ...scaleOf(config),
      outputBuckets: config.store.outputBuckets,
      onSwept: () => metrics.lastSweep.setToCurrentTime(),
    }),
  }
}

function callbackActivities(deps: ControlWorkerDeps): CallbackActivities {
  const { config, clientConnection, log, metrics } = deps
  // Prometheus sees no rise in a series that begins with its first event.
  for (const status of CALLBACK_BODY_STATUSES)
    for (const delivery of DELIVERIES) metrics.callbackDeliveries.inc({ status, delivery }, 0)
  return {
    sendCallback: createSendCallback({
      ...config.callback,
      toldSince: createToldSince(clientConnection, config.temporal.namespace),
      onDelivery: (event, report) => {
        metrics.callbackDeliveries.inc({ status: event.body.status, delivery: report.delivery })
        const level = report.delivery === 'delivered' ? 'info' : 'warn'
        log[level](
          { jobId: event.body.job_id, eventId: event.id, says: event.body.status, ...report },
          'callback',
        )
      },
    }),
    recordUsage: createRecordUsage({ url: config.metricsUrl, timeoutMs: scaledMs(config, 5000) }),
  }
}
