import { createServer } from 'node:net'
import { Runtime } from '@temporalio/worker'
import type { Logger } from './log.ts'
import { temporalLogger } from './temporalLogger.ts'

/**
 * Sets up the SDK's core once in a process, before any connection: its logs go to ours, its metrics to the address that
 * is returned. Signals stay ours (shutdown.ts): by default the core takes SIGTERM away from programs without a worker.
 */
export async function installTemporalRuntime({ log }: { log: Logger }): Promise<{ metricsUrl: string }> {
  const address = `127.0.0.1:${await freeLoopbackPort()}`
  Runtime.install({
    logger: temporalLogger(log.child({ sdk: 'temporal' })),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      metrics: { prometheus: { bindAddress: address } },
    },
  })
  return { metricsUrl: `http://${address}/metrics` }
}

/** The core does not tell which port it got, so it must be given one. */
async function freeLoopbackPort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer().once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
  })
  return promise
}
