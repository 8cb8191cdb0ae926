import type { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import proto from '@temporalio/proto'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import { parseConfig } from '../runtime/config.ts'
import { connectTemporal } from '../runtime/temporalConnection.ts'

/** As long as a second submit of a job must find the first one. */
const RETENTION = '30 days'

/** Waits until a server answers, then has its namespace keep jobs long enough and know our search attributes. */
export async function prepareNamespace(options: {
  address: string
  namespace: string
  waitMs: number
  signal: AbortSignal
}): Promise<void> {
  const { address, namespace, waitMs, signal } = options
  const config = parseConfig({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace })
  const connection = await connectTemporal(config.temporal, { waitMs, attemptMs: 5000, signal })
  try {
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(RETENTION) },
    })
    await addMissingAttributes(connection, namespace)
  } finally {
    await connection.close()
  }
}

/** The development server creates those it is started with in a new database only. */
async function addMissingAttributes({ operatorService }: Connection, namespace: string): Promise<void> {
  const known = await operatorService.listSearchAttributes({ namespace })
  const missing = Object.values(SEARCH_ATTRIBUTES).filter(name => !(name in known.customAttributes))
  if (missing.length === 0) return
  const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType
  await operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(name => [name, INDEXED_VALUE_TYPE_KEYWORD])),
  })
}
