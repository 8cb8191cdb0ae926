import { join } from 'node:path'
import { freePort } from '../../../dev/freePort.ts'
import { startTemporalServer } from '../../../dev/temporalServer.ts'
import { type Keeper, keepAlive } from './keeper.ts'

export interface KeptTemporal {
  keeper: Keeper
  port: number
  address: string
}

/** Temporal's server on a file, which comes back on the same port with what it knew. */
export async function keepTemporal(directory: string, tell: (line: string) => void): Promise<KeptTemporal> {
  const port = await freePort()
  const first = Promise.withResolvers<void>()
  const keeper = keepAlive({
    name: 'temporal',
    tell,
    async start() {
      const server = await startTemporalServer({
        port,
        ui: false,
        dbFile: join(directory, 'temporal.db'),
        logFile: join(directory, 'logs', 'temporal.log'),
      })
      if (server.address !== `127.0.0.1:${port}`) {
        await server.stop()
        throw new Error('its port is not free yet')
      }
      first.resolve()
      return server
    },
  })
  await first.promise
  return { keeper, port, address: `127.0.0.1:${port}` }
}
