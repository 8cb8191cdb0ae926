import { Client } from '@temporalio/client'
import { createStore } from '../assets/createStore.ts'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { connectTemporal } from '../runtime/temporalConnection.ts'
import { connectTemporalNative } from '../runtime/temporalNativeConnection.ts'
import { collectKeptFiles } from './collector.ts'
import { createControlWorkers } from './controlWorker.ts'
import { runWorkerProgram } from './program.ts'
import { ensureReconcileSchedule } from './reconcileSchedule.ts'
import { runWorkers } from './runWorkers.ts'

/** The control worker: runs workflows and everything that waits on the network. Several may run, anywhere. */
await runWorkerProgram('control', async ({ config, log, connectOptions, serveHealth }, { signal, defer }) => {
  const connection = await connectTemporalNative(config.temporal, connectOptions)
  defer('Temporal connection of the workers', () => connection.close())
  const clientConnection = await connectTemporal(config.temporal, connectOptions)
  defer('Temporal connection of the client', () => clientConnection.close())

  const metrics = createMetrics()
  const workers = await createControlWorkers({ config, connection, clientConnection, log, metrics })
  await ensureReconcileSchedule(
    new Client({
      connection: clientConnection,
      namespace: config.temporal.namespace,
      dataConverter: clientDataConverter(config.encryption),
    }),
    config,
    log,
  )
  defer('collector', collectKeptFiles({ config, log, metrics, renders: null }))

  const running = runWorkers(workers, signal)
  const store = createStore(config.store)
  await serveHealth(config.health.controlPort, metrics, {
    temporal: () => clientConnection.workflowService.getSystemInfo({}),
    workers: running.check,
    store: () => store.check(),
  })
  await running.done
})
