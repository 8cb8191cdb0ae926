import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, type LogEntry, NativeConnection, Runtime, type Worker } from '@temporalio/worker'
import { inject } from 'vitest'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { createPipelineClient, type PipelineClient } from '../client/index.ts'
import type { ProgramCommand } from '../engines/programProcess.ts'
import { type Config, parseConfig } from '../runtime/config.ts'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import { createLogger, type LogOptions } from '../runtime/log.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { type Card, createCard } from '../workers/card.ts'
import { createCardStatus } from '../workers/cardStatus.ts'
import { createControlWorkers } from '../workers/controlWorker.ts'
import { openEngine } from '../workers/engine.ts'
import { createGpuWorkers, laneWorkerState } from '../workers/gpuWorker.ts'
import { createJobStatus } from '../workers/jobStatus.ts'
import { createMissingWeights } from '../workers/missingWeights.ts'
import { createNoRoom } from '../workers/noRoom.ts'
import { prepare } from '../workers/preparation.ts'
import { ensureReconcileSchedule } from '../workers/reconcileSchedule.ts'
import { runWorkers } from '../workers/runWorkers.ts'
import { workerIdentity } from '../workers/soleHost.ts'
import { replayHistories } from './replay.ts'

/** One part of a stack that a test can stop and start again. */
export interface Part {
  stop(): Promise<void>
}

export interface TestStack {
  config: Config
  pipeline: PipelineClient
  temporal: Client
  startControl(): Promise<Part>
  /** `env`: what is different on this machine, as HOST_ID and DATA_DIR are. `program`: in the engine's place. */
  startGpu(
    env?: Record<string, string>,
    program?: ProgramCommand,
  ): Promise<Part & { card: Card; identity: string }>
  /** What `/metrics` of all the workers that were started would say. */
  metricsText(): Promise<string>
  /** Ends everything, and replays the history of every workflow that ran. */
  stop(): Promise<void>
}

/**
 * The whole pipeline inside the test's process, on the shared Temporal server: real workers, real inference program, real
 * files, under queues and a folder of its own. `env` is an environment as an operator would write it; `logOptions` say where
 * our own log goes. Temporal's is in `runtimeLog`.
 */
export async function openTestStack(
  env: Record<string, string> = {},
  logOptions: LogOptions = {},
): Promise<TestStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ourvidz-stack-'))
  const environment = {
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TASK_QUEUE_PREFIX: `test-${randomUUID().slice(0, 8)}`,
    PREVIEW_SPEED: '0',
    SHUTDOWN_GRACE_SECONDS: '2',
    ...env,
  }
  const config = parseConfig(environment)
  quietRuntime()
  const { address, namespace, queuePrefix } = config.temporal
  const connection = await NativeConnection.connect({ address })
  const clientConnection = await Connection.connect({ address })
  const dataConverter = clientDataConverter(config.encryption)
  const temporal = new Client({ connection: clientConnection, namespace, dataConverter })
  const log = createLogger(config, 'test', logOptions)
  const parts = new Set<Part>()
  const registries = new Set<ReturnType<typeof createMetrics>['registry']>()
  const jobStatus = createJobStatus(connection, namespace)

  function newMetrics() {
    const metrics = createMetrics()
    registries.add(metrics.registry)
    return metrics
  }

  function running(workers: Worker[], release: () => Promise<void>): Part {
    const stopping = new AbortController()
    const { done } = runWorkers(workers, stopping.signal)
    const part: Part = {
      async stop() {
        if (!parts.delete(part)) return
        stopping.abort()
        await done
        await release()
      },
    }
    parts.add(part)
    return part
  }

  return {
    config,
    temporal,
    pipeline: createPipelineClient({ client: temporal, queuePrefix }),
    async startControl() {
      const workers = await createControlWorkers({
        config,
        connection,
        clientConnection,
        log,
        metrics: newMetrics(),
        // The shared one was made without the failure converter.
        ...(config.encryption.writesWith === null
          ? { workflowBundle: { codePath: inject('workflowBundlePath') } }
          : {}),
      })
      await ensureReconcileSchedule(temporal, config, log)
      return running(workers, async () => {})
    },
    async startGpu(env = {}, program) {
      const machine = parseConfig({ ...environment, ...env })
      const ffmpeg = await findFfmpeg(machine.engine.ffmpeg)
      const metrics = newMetrics()
      const releases: (() => unknown)[] = []
      const { signal } = new AbortController()
      const opened = await openEngine({
        config: machine,
        ffmpeg,
        log,
        signal,
        defer: (_name, release) => releases.push(release),
        onCardGone: () => {},
      })
      const card = await createCard({
        config: machine,
        engine: program ? { ...opened, program } : opened,
        ffmpeg,
        log,
        metrics,
        isWanted: async jobId => (await jobStatus(jobId)) === 'RUNNING',
      })
      const preparation = prepare(card.program, { models: [], lanes: card.lanes, log, signal })
      let workers: Worker[] = []
      const gate = {
        missingWeights: createMissingWeights(machine),
        noRoom: createNoRoom(machine),
        preparation,
      }
      const status = createCardStatus({
        hostId: machine.hostId,
        ...card,
        workerState: laneWorkerState(machine, () => workers),
        ...gate,
      })
      const identity = workerIdentity()
      workers = await createGpuWorkers({
        config: machine,
        connection,
        identity,
        metrics,
        status,
        log,
        ...gate,
        ...card,
      })
      return Object.assign(
        running(workers, async () => {
          await card.program.stop(1000)
          for (const release of releases.toReversed()) await release()
        }),
        { card, identity },
      )
    },
    async metricsText() {
      return (await Promise.all([...registries].map(registry => registry.metrics()))).join('\n')
    },
    async stop() {
      for (const part of parts) await part.stop()
      await temporal.schedule
        .getHandle(`reconcile-${queuePrefix}.jobs`)
        .delete()
        .catch(() => {})
      try {
        await replayHistories(temporal, `${queuePrefix}.jobs`, dataConverter)
      } finally {
        await connection.close()
        await clientConnection.close()
        await rm(dataDir, { recursive: true, force: true })
      }
    },
  }
}

/** What Temporal's SDK logged in this process, activities included; only errors are shown. */
export const runtimeLog: LogEntry[] = []

let quiet = false

/** Temporal's runtime, with its log in {@link runtimeLog}. It is one per process, and may be installed once. */
export function quietRuntime(): void {
  if (quiet) return
  quiet = true
  const logger = new DefaultLogger('DEBUG', entry => {
    runtimeLog.push(entry)
    if (entry.level === 'ERROR') console.error(entry.message, entry.meta)
  })
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
  })
}
