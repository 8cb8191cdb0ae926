import { Connection, type ConnectionLike, isGrpcServiceError } from '@temporalio/client'
import type { Config } from './config.ts'
import { createGrpcRetries } from './grpcRetries.ts'
import { type RetryOptions, retryFor } from './retryFor.ts'
import { temporalTls } from './temporalTls.ts'
import { tlsProblem } from './tlsProblem.ts'

export type TemporalConfig = Config['temporal']

/** Temporal cannot be used: nobody answers at the address, it refuses us, or it lacks the namespace. */
export class TemporalUnreachableError extends Error {
  override readonly name = 'TemporalUnreachableError'
  /** It has answered, and said no: trying again does not help. */
  readonly refused: boolean

  constructor(message: string, options: { refused: boolean; cause: unknown }) {
    super(message, { cause: options.cause })
    this.refused = options.refused
  }
}

/** `waitMs`: how long to go on trying; 0, the default, tries once. `attemptMs`: the longest that one try may take, 5 s by default. */
export type ConnectOptions = Partial<RetryOptions> & { attemptMs?: number }

/** A connection for clients. Throws {@link TemporalUnreachableError}, which says what to do, or `ConfigError` for TLS files. */
export async function connectTemporal(
  temporal: TemporalConfig,
  options: ConnectOptions = {},
): Promise<Connection> {
  const connectionOptions = await toConnectionOptions(temporal)
  return openConnection(temporal, options, async attemptMs => {
    const retries = createGrpcRetries()
    const connection = await Connection.connect({
      ...connectionOptions,
      connectTimeout: attemptMs,
      interceptors: [retries.interceptor],
    })
    const close = connection.close.bind(connection)
    return Object.assign(connection, {
      async close() {
        await retries.end()
        await close()
      },
    })
  })
}

/** What both kinds of connection take. */
export async function toConnectionOptions(temporal: TemporalConfig) {
  return {
    address: temporal.address,
    tls: temporal.tls ? await temporalTls(temporal) : null,
    ...(temporal.apiKey === null ? {} : { apiKey: temporal.apiKey }),
    metadata: { 'temporal-namespace': temporal.namespace },
  }
}

/** Opens a connection within the options' limits, and checks that it leads to the namespace. */
export async function openConnection<C extends ConnectionLike>(
  temporal: TemporalConfig,
  { waitMs = 0, attemptMs = 5_000, signal, onRetry }: ConnectOptions,
  connect: (attemptMs: number) => Promise<C>,
): Promise<C> {
  try {
    return await retryFor(
      { waitMs, isFinal: isRefusal, ...(signal && { signal }), ...(onRetry && { onRetry }) },
      () => connectOnce(temporal.namespace, attemptMs, () => connect(attemptMs)),
    )
  } catch (error) {
    if (signal?.aborted) throw error
    const refused = isRefusal(error) || isNotFound(error)
    throw new TemporalUnreachableError(await explain(temporal, error, attemptMs), { refused, cause: error })
  }
}

/** Limited from outside: the core waits for ever on a server that accepts the connection and says nothing. */
async function connectOnce<C extends ConnectionLike>(
  namespace: string,
  attemptMs: number,
  connect: () => Promise<C>,
): Promise<C> {
  const connecting = connect()
  const connection = await withinLimit(connecting, attemptMs).catch((error: unknown) => {
    connecting.then(late => late.close()).catch(() => {})
    throw error
  })
  try {
    await connection.withDeadline(Date.now() + attemptMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    )
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

async function withinLimit<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${limitMs / 1000} s`)), limitMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

const grpc = { invalidArgument: 3, notFound: 5, permissionDenied: 7, unauthenticated: 16 }

/** Waiting does not mend a wrong key; a missing namespace may be on its way, for a new cluster creates it after its start. */
function isRefusal(error: unknown): boolean {
  return (
    isGrpcServiceError(error) &&
    [grpc.permissionDenied, grpc.unauthenticated, grpc.invalidArgument].includes(error.code)
  )
}

const isNotFound = (error: unknown) => isGrpcServiceError(error) && error.code === grpc.notFound

async function explain(temporal: TemporalConfig, error: unknown, limitMs: number): Promise<string> {
  const { address, namespace, tls } = temporal
  const reason = error instanceof Error ? error.message : String(error)
  if (isNotFound(error)) {
    return `Temporal at ${address} has no namespace "${namespace}": set TEMPORAL_NAMESPACE, or create it (docs/deployment.md).`
  }
  if (isRefusal(error)) {
    return `Temporal at ${address} refuses us (${reason}): check TEMPORAL_API_KEY, TEMPORAL_TLS_CERT and TEMPORAL_NAMESPACE.`
  }
  const problem = tls ? await tlsProblem(temporal, limitMs) : null
  if (problem !== null) return `Cannot reach Temporal at ${address} with TLS: ${problem}`
  return (
    `Cannot reach Temporal at ${address}${tls ? ' with TLS' : ''} (${reason}). Is it running? ` +
    '`npm run dev` starts one on this machine; TEMPORAL_ADDRESS and TEMPORAL_TLS say where another is.'
  )
}
