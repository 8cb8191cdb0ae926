import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker'
import { inject } from 'vitest'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { createPipelineClient, type PipelineClient } from '../client/index.ts'
import { type Config, parseConfig } from '../runtime/config.ts'
import { createLogger } from '../runtime/log.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { type Card, createCard } from '../workers/card.ts'
import { createControlWorkers } from '../workers/controlWorker.ts'
import { createGpuWorkers } from '../workers/gpuWorker.ts'
import { ensureReconcileSchedule } from '../workers/reconcileSchedule.ts'
import { runWorkers } from '../workers/runWorkers.ts'
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
  startGpu(): Promise<Part & { card: Card }>
  /** Ends everything, and replays the history of every workflow that ran. */
  stop(): Promise<void>
}

/**
 * The whole pipeline inside the test's process, on the shared Temporal server: real workers, real inference program, real
 * files, under queues and a folder of its own. `env` is an environment as an operator would write it.
 */
export async function openTestStack(env: Record<string, string> = {}): Promise<TestStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ourvidz-stack-'))
  const config = parseConfig({
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TASK_QUEUE_PREFIX: `test-${randomUUID().slice(0, 8)}`,
    PREVIEW_SPEED: '0',
    SHUTDOWN_GRACE_SECONDS: '2',
    ...env,
  })
  quietRuntime()
  const { address, namespace, queuePrefix } = config.temporal
  const connection = await NativeConnection.connect({ address })
  const clientConnection = await Connection.connect({ address })
  const temporal = new Client({ connection: clientConnection, namespace })
  const log = createLogger(config, 'test')
  const parts = new Set<Part>()

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
        metrics: createMetrics(),
        workflowBundle: { codePath: inject('workflowBundlePath') },
      })
      await ensureReconcileSchedule(temporal, config)
      return running(workers, async () => {})
    },
    async startGpu() {
      const ffmpeg = await findFfmpeg(config.engine.ffmpeg)
      const card = createCard({ config, ffmpeg, log, metrics: createMetrics() })
      await card.program.start()
      const workers = await createGpuWorkers({ config, connection, ffmpeg, ...card })
      return Object.assign(
        running(workers, () => card.program.stop(1000)),
        { card },
      )
    },
    async stop() {
      for (const part of parts) await part.stop()
      await temporal.schedule
        .getHandle(`reconcile-${queuePrefix}.jobs`)
        .delete()
        .catch(() => {})
      try {
        await replayHistories(temporal, `${queuePrefix}.jobs`)
      } finally {
        await connection.close()
        await clientConnection.close()
        await rm(dataDir, { recursive: true, force: true })
      }
    },
  }
}

let quiet = false

/** The runtime is one per process, and may be installed once. */
function quietRuntime(): void {
  if (quiet) return
  quiet = true
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
}
