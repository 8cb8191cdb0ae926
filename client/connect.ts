import type { ClientConfig } from '../runtime/clientConfig.ts'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import { connectTemporal, TemporalUnreachableError } from '../runtime/temporalConnection.ts'
import { ServerRefusedError, ServerUnreachableError } from './errors.ts'
import { createPipelineClient, type PipelineClient } from './pipelineClient.ts'

export interface ConnectedPipelineClient extends PipelineClient {
  /**
   * From now on every call ends with ClientClosedError, and so does what still waits: within some 20 s, as a long poll that the
   * server holds is not cut off. An abort signal ends it at once.
   */
  close(): Promise<void>
}

/**
 * Connects as the installation's configuration says. Throws ServerUnreachableError or ServerRefusedError, whose message says what
 * to do, or ConfigError for TLS files.
 */
export async function connectPipelineClient({
  temporal,
  store,
  encryption,
}: ClientConfig): Promise<ConnectedPipelineClient> {
  const connection = await connect(temporal)
  const client = createPipelineClient({
    connection,
    namespace: temporal.namespace,
    dataConverter: clientDataConverter(encryption),
    queuePrefix: temporal.queuePrefix,
    outputBuckets: store.outputBuckets,
  })
  return { ...client, close: () => connection.close() }
}

async function connect(temporal: ClientConfig['temporal']) {
  try {
    return await connectTemporal(temporal)
  } catch (error) {
    if (!(error instanceof TemporalUnreachableError)) throw error
    const ServerError = error.refused ? ServerRefusedError : ServerUnreachableError
    throw new ServerError(error.message, { cause: error })
  }
}
