import { createStore } from '../assets/createStore.ts'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { connectTemporalNative } from '../runtime/temporalNativeConnection.ts'
import { createCard } from './card.ts'
import { collectKeptFiles } from './collector.ts'
import { createGpuWorkers } from './gpuWorker.ts'
import { createJobStatus } from './jobStatus.ts'
import { runWorkerProgram } from './program.ts'
import { type RunningWorkers, runWorkers } from './runWorkers.ts'

/** The GPU worker: owns the card of an inference machine, and the files that lie there until they are uploaded. */
await runWorkerProgram('gpu', async ({ config, log, connectOptions, serveHealth }, { signal, defer }) => {
  const metrics = createMetrics()
  const ffmpeg = await findFfmpeg(config.engine.ffmpeg)
  const connecting = connectTemporalNative(config.temporal, connectOptions)
  const isWanted = async (jobId: string) =>
    (await createJobStatus(await connecting, config.temporal.namespace)(jobId)) === 'RUNNING'
  const card = createCard({ config, ffmpeg, log, isWanted })
  defer('inference program', () => card.program.stop(config.shutdownGraceMs))
  const started = card.program.start().then(
    info => log.info({ ...info }, 'inference program is ready'),
    // It is started again by itself; until then the worker is alive but not ready.
    (err: unknown) => log.error({ err }, 'inference program did not start'),
  )

  const connection = await connecting
  defer('Temporal connection', () => connection.close())
  const store = createStore(config.store)
  let running: RunningWorkers | null = null
  // Before the models are loaded, which may take minutes: the process is alive meanwhile, and says what is missing.
  await serveHealth(config.health.gpuPort, metrics, {
    temporal: () => connection.workflowService.getSystemInfo({}),
    store: () => store.check(),
    engine() {
      const { status, lastDeath } = card.program.state()
      if (status !== 'ready') throw new Error(`${status}${lastDeath === null ? '' : `: ${lastDeath}`}`)
    },
    workers() {
      if (running === null) throw new Error('not started yet')
      running.check()
    },
  })
  await started
  const workers = await createGpuWorkers({ config, connection, metrics, ...card })
  defer('collector', collectKeptFiles({ config, log, metrics, renders: card.renders }))

  running = runWorkers(workers, signal)
  await running.done
})
