import { Client, type Connection } from '@temporalio/client'
import { createStore } from '../assets/createStore.ts'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { connectTemporal } from '../runtime/temporalConnection.ts'
import { connectTemporalNative } from '../runtime/temporalNativeConnection.ts'
import { collectKeptFiles } from './collector.ts'
import { createControlWorkers } from './controlWorker.ts'
import { runWorkerProgram } from './program.ts'
import { ensureReconcileSchedule } from './reconcileSchedule.ts'
import { type RunningWorkers, runWorkers } from './runWorkers.ts'

/** The control worker: runs workflows and everything that waits on the network. Several may run, anywhere. */
await runWorkerProgram('control', async ({ config, log, connectOptions, serveHealth }, { signal, defer }) => {
  const metrics = createMetrics()
  const store = createStore(config.store)
  let clientConnection: Connection | null = null
  let running: RunningWorkers | null = null
  // Before Temporal is there, which may take a while: the process is alive, and says what is missing.
  await serveHealth(config.health.controlPort, metrics, {
    temporal() {
      if (clientConnection === null) throw new Error('connecting')
      return clientConnection.workflowService.getSystemInfo({})
    },
    workers() {
      if (running === null) throw new Error('not started yet')
      running.check()
    },
    store: () => store.check(),
  })
  const connection = await connectTemporalNative(config.temporal, connectOptions)
  defer('Temporal connection of the workers', () => connection.close())
  clientConnection = await connectTemporal(config.temporal, connectOptions)
  defer('Temporal connection of the client', () => clientConnection?.close())
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

  running = runWorkers(workers, signal)
  await running.done
})
