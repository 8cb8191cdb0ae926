import type { NativeConnection, Worker } from '@temporalio/worker'
import { createStore } from '../assets/createStore.ts'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { connectTemporalNative } from '../runtime/temporalNativeConnection.ts'
import { createCard } from './card.ts'
import { type CardStatusDeps, createCardStatus, laneChecks } from './cardStatus.ts'
import { collectKeptFiles } from './collector.ts'
import { openEngine } from './engine.ts'
import { createGpuWorkers, laneWorkerState } from './gpuWorker.ts'
import { createJobStatus } from './jobStatus.ts'
import { createMissingWeights } from './missingWeights.ts'
import { createNoRoom } from './noRoom.ts'
import { prepare } from './preparation.ts'
import { modelsToWarmUp } from './prewarm.ts'
import { runWorkerProgram } from './program.ts'
import { type RunningWorkers, runWorkers } from './runWorkers.ts'
import { watchSoleHost, workerIdentity } from './soleHost.ts'

const UNENDING =
  'the inference program does not end, though it was killed: the driver may hang (dmesg); restart the machine'

/** The GPU worker: owns the card of an inference machine, and the files that lie there until they are uploaded. */
await runWorkerProgram('gpu', async ({ config, log, connectOptions, serveHealth }, { signal, defer }) => {
  const metrics = createMetrics()
  const ffmpeg = await findFfmpeg(config.engine.ffmpeg)
  const store = createStore(config.store)
  let workers: Worker[] = []
  let running: RunningWorkers | null = null
  let host: ReturnType<typeof watchSoleHost> | null = null
  let opened: CardStatusDeps | null = null
  const seen = () => {
    if (opened === null) throw new Error('being prepared')
    return opened
  }
  let connection: NativeConnection | null = null
  // Before Temporal is there, packages are installed and models loaded, which may take minutes: the process is alive, and says
  // what is missing.
  await serveHealth(
    config.health.gpuPort,
    metrics,
    {
      temporal() {
        if (connection === null) throw new Error('connecting')
        return connection.workflowService.getSystemInfo({})
      },
      store: () => store.check(),
      engine() {
        const { status, lastDeath } = seen().program.state()
        if (status !== 'ready') throw new Error(`${status}${lastDeath === null ? '' : `: ${lastDeath}`}`)
      },
      workers() {
        if (running === null) throw new Error('not started yet')
        running.check()
      },
      host: () => host?.check(),
      ...laneChecks(seen),
    },
    { '/card': () => createCardStatus(seen())() },
  )
  connection = await connectTemporalNative(config.temporal, connectOptions)
  defer('Temporal connection', () => connection?.close())
  const jobStatus = createJobStatus(connection, config.temporal.namespace)
  const lost = Promise.withResolvers<never>()
  // It is waited for only once the workers run.
  lost.promise.catch(() => {})
  const engine = await openEngine({
    ...{ config, ffmpeg, log, signal, defer },
    // Its jobs go elsewhere, or wait; started anew, a container may have its card again.
    onCardGone: why => lost.reject(new Error(`the card is gone: ${why}`)),
  })
  const card = await createCard({
    ...{ config, engine, ffmpeg, log, metrics },
    isWanted: async jobId => (await jobStatus(jobId)) === 'RUNNING',
    // This process holds its jobs; once it is gone they go elsewhere, or wait.
    onUnending: () => lost.reject(new Error(UNENDING)),
  })
  defer('inference program', async () => {
    await card.program.stop(config.shutdownGraceMs)
    await card.desk.settled()
  })
  const preparation = prepare(card.program, {
    models: modelsToWarmUp(config),
    lanes: card.lanes,
    log,
    signal,
  })
  const gate = {
    missingWeights: createMissingWeights(config),
    noRoom: createNoRoom(config),
    preparation,
  }
  opened = {
    hostId: config.hostId,
    ...card,
    ...gate,
    workerState: laneWorkerState(config, () => workers),
  }
  const status = createCardStatus(opened)
  const identity = workerIdentity()
  workers = await createGpuWorkers({ config, connection, identity, metrics, status, log, ...card, ...gate })
  defer('collector', collectKeptFiles({ config, log, metrics, renders: card.renders }))

  running = runWorkers(workers, signal)
  host = watchSoleHost({ connection, config, identity, log, signal })
  await Promise.race([running.done, lost.promise])
})
