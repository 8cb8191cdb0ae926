import { createStore } from '../assets/createStore.ts'
import { findFfmpeg } from '../assets/ffmpeg.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { connectTemporalNative } from '../runtime/temporalConnection.ts'
import { createCard } from './card.ts'
import { collectKeptFiles } from './collector.ts'
import { createGpuWorkers } from './gpuWorker.ts'
import { runWorkerProgram } from './program.ts'
import { runWorkers } from './runWorkers.ts'

/** The GPU worker: owns the card of an inference machine, and the files that lie there until they are uploaded. */
await runWorkerProgram('gpu', async ({ config, log, connectOptions, serveHealth }, { signal, defer }) => {
  const metrics = createMetrics()
  const ffmpeg = await findFfmpeg(config.engine.ffmpeg)
  const card = createCard({ config, ffmpeg, log })
  defer('inference program', () => card.program.stop(config.shutdownGraceMs))
  const started = card.program.start().then(
    info => log.info({ ...info }, 'inference program is ready'),
    // It is started again by itself; until then the worker is alive but not ready.
    (err: unknown) => log.error({ err }, 'inference program did not start'),
  )

  const connection = await connectTemporalNative(config.temporal, connectOptions)
  defer('Temporal connection', () => connection.close())
  await started
  const workers = await createGpuWorkers({ config, connection, ffmpeg, metrics, ...card })
  defer('collector', collectKeptFiles({ config, log, metrics, renders: card.renders }))

  const running = runWorkers(workers, signal)
  const store = createStore(config.store)
  await serveHealth(config.health.gpuPort, metrics, {
    temporal: () => connection.workflowService.getSystemInfo({}),
    workers: running.check,
    store: () => store.check(),
    engine() {
      const { status, lastDeath } = card.program.state()
      if (status !== 'ready') throw new Error(`${status}${lastDeath === null ? '' : `: ${lastDeath}`}`)
    },
  })
  await running.done
})
