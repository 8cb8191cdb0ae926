import type { Connection } from '@temporalio/client'
import proto from '@temporalio/proto'
import { SEARCH_ATTRIBUTES } from '../../jobs/searchAttributes.ts'
import type { Config } from '../../runtime/config.ts'
import { connectTemporal } from '../../runtime/temporalConnection.ts'
import { checkApiKey } from './checkApiKey.ts'
import { checkSoleHost } from './checkSoleHost.ts'
import { type Found, fail, ok, reasonOf, warn } from './finding.ts'

const CALL_MS = 10_000
const DAY_SECONDS = 86_400
/** A second submit of a job must find the first; docs/deployment.md makes namespaces with 30 days. */
const RETENTION_DAYS = 30
const { INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType

/** Whether Temporal answers, whether its namespace is as the jobs need it, and whether nobody else has our name there. */
export async function checkTemporal({ temporal, callback, hostId }: Config): Promise<Found[]> {
  const connection = await connectTemporal(temporal)
  try {
    return await connection.withDeadline(Date.now() + CALL_MS, async () => [
      await checkServer(connection, temporal),
      await checkRetention(connection, temporal.namespace, callback.retryMs),
      await checkAttributes(connection, temporal.namespace),
      ...checkApiKey(temporal.apiKey),
      ...(await checkSoleHost(connection, { hostId, temporal })),
    ])
  } finally {
    await connection.close()
  }
}

async function checkServer({ workflowService }: Connection, temporal: Config['temporal']): Promise<Found> {
  const { serverVersion } = await workflowService.getSystemInfo({})
  const place = `${temporal.address}, namespace ${temporal.namespace}`
  const [major = 0, minor = 0] = (serverVersion ?? '').split('.').map(Number)
  if (major > 1 || (major === 1 && minor >= 29)) return ok(`server ${serverVersion} at ${place}`)
  return warn(`server ${serverVersion || 'of an unknown version'} at ${place}: 1.29 or newer is needed`)
}

async function checkRetention(
  { workflowService }: Connection,
  namespace: string,
  callbackMs: number,
): Promise<Found> {
  const { config } = await workflowService.describeNamespace({ namespace })
  const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / DAY_SECONDS
  if (days >= RETENTION_DAYS) return ok(`keeps ended jobs for ${Math.floor(days)} days`)
  const isShort = days * DAY_SECONDS * 1000 < callbackMs
  const callbacks = isShort
    ? ' forgets them while their callbacks are still tried (CALLBACK_RETRY_HOURS),'
    : ''
  return warn(
    `keeps ended jobs for ${days.toFixed(1)} days only,${callbacks} and renders a job that is submitted again after that: temporal operator namespace update -n ${namespace} --retention ${RETENTION_DAYS}d`,
  )
}

async function checkAttributes({ operatorService }: Connection, namespace: string): Promise<Found> {
  const names = Object.values(SEARCH_ATTRIBUTES)
  const listed = await operatorService
    .listSearchAttributes({ namespace })
    .catch((error: unknown) => reasonOf(error))
  if (typeof listed === 'string') {
    return warn(`search attributes cannot be listed (${listed}); see that these exist: ${names.join(', ')}`)
  }
  const known = listed.customAttributes ?? {}
  const missing = names.filter(name => known[name] === undefined)
  if (missing.length > 0) {
    const options = missing.map(name => `--name ${name} --type Keyword`).join(' ')
    return fail(
      `search attributes are missing: temporal operator search-attribute create -n ${namespace} ${options}`,
    )
  }
  const wrong = names.filter(name => known[name] !== INDEXED_VALUE_TYPE_KEYWORD)
  if (wrong.length > 0) return fail(`search attributes are not of type Keyword: ${wrong.join(', ')}`)
  return ok(`knows the ${names.length} search attributes`)
}
