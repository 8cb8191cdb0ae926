import type { ClientConfig } from '../runtime/clientConfig.ts'
import { clientDataConverter } from '../runtime/dataConverter.ts'
import { connectTemporal, TemporalUnreachableError } from '../runtime/temporalConnection.ts'
import { ClientClosedError, ServerRefusedError, ServerUnreachableError } from './errors.ts'
import { createPipelineClient, type PipelineClient } from './pipelineClient.ts'

export interface ConnectedPipelineClient extends PipelineClient {
  /** Every later call ends with ClientClosedError, and so, at once, do `watch` and `result` that wait. */
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
  const closing = new AbortController()
  const client = createPipelineClient({
    connection,
    namespace: temporal.namespace,
    dataConverter: clientDataConverter(encryption),
    queuePrefix: temporal.queuePrefix,
    outputBuckets: store.outputBuckets,
    closing: closing.signal,
  })
  return {
    ...client,
    async close() {
      closing.abort(new ClientClosedError())
      await connection.close()
    },
  }
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
