import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SEARCH_ATTRIBUTES } from '../jobs/searchAttributes.ts'
import { freePort } from './freePort.ts'
import { endOf, type OwnedProcess, type ProcessEnd, startOwnedProcess } from './ownedProcess.ts'
import { prepareNamespace } from './prepareNamespace.ts'
import { findTemporalBinary } from './temporalBinary.ts'

export interface TemporalServerOptions {
  /** The `temporal` program; found as {@link findTemporalBinary} does by default. */
  binary?: string
  /** Preferred ports; others are taken where these are not free. Any by default. */
  port?: number
  uiPort?: number
  /** Whether to serve the Web UI; yes by default. */
  ui?: boolean
  /** Address of the codec server by which the Web UI decrypts. */
  uiCodecUrl?: string
  /** Where workflows are kept across restarts; in memory by default. */
  dbFile?: string
  logFile?: string
  onLine?: (line: string) => void
  signal?: AbortSignal
}

export interface TemporalServer {
  /** `host:port` of its gRPC service. */
  address: string
  namespace: string
  /** null without the Web UI. */
  uiUrl: string | null
  pid: number
  /** Settles when the server has ended, wanted or not. Never rejects. */
  ended: Promise<ProcessEnd>
  stop(): Promise<void>
}

/** The embedded server did not come up. The message holds its last words. */
export class TemporalServerError extends Error {
  override readonly name = 'TemporalServerError'
}

const HOST = '127.0.0.1'
const NAMESPACE = 'default'
const START_MS = 60_000
const STOP_MS = 10_000
/** A chosen port can be lost to another process between the choice and the start. */
const ATTEMPTS = 3

/**
 * Ours differ from the server's so that priority and fairness work, so that its single shard moves tasks at once, and so that it
 * keeps in memory what is about to move, not every job that waits (33 KiB each, 128,000 at most by default).
 */
export const DYNAMIC_CONFIG = {
  'matching.useNewMatcher': true,
  'matching.enableFairness': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'frontend.WorkerHeartbeatsEnabled': true,
  'frontend.ListWorkersEnabled': true,
  'history.transferProcessorMaxPollRPS': 1000,
  'history.timerProcessorMaxPollRPS': 1000,
  'history.hostLevelCacheMaxSize': 1000,
} as const

/** Starts Temporal's development server on the loopback address and waits until it answers. Throws {@link TemporalServerError}. */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const binary = options.binary ?? (await findTemporalBinary())
  if (options.dbFile !== undefined) await mkdir(dirname(options.dbFile), { recursive: true })
  for (let attempt = 1; ; attempt++) {
    const started = await startOnce(binary, options)
    if ('stop' in started) return started
    const lostPort = started.tail.some(line => line.includes('address already in use'))
    if (!lostPort || attempt === ATTEMPTS) throw new TemporalServerError(describeEnd(started))
  }
}

async function startOnce(
  binary: string,
  options: TemporalServerOptions,
): Promise<TemporalServer | ProcessEnd> {
  const port = await freePort(options.port)
  const uiPort = options.ui === false ? null : await freePort(options.uiPort)
  const server = await startOwnedProcess({
    name: 'Temporal server',
    command: process.execPath,
    args: [LEASH, binary, ...serverArguments(port, uiPort, options)],
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  })
  const address = `${HOST}:${port}`
  const early = await untilReadyOrEnded(server, address, options.signal)
  if (early !== null) return early
  return {
    address,
    namespace: NAMESPACE,
    uiUrl: uiPort === null ? null : `http://${HOST}:${uiPort}`,
    pid: server.pid,
    ended: server.ended,
    // What is kept in memory is lost either way.
    stop: () => server.stop(options.dbFile === undefined ? 0 : STOP_MS),
  }
}

const LEASH = fileURLToPath(new URL('./leash.ts', import.meta.url))

function serverArguments(
  port: number,
  uiPort: number | null,
  { dbFile, uiCodecUrl }: TemporalServerOptions,
): string[] {
  return [
    'server',
    'start-dev',
    ...['--ip', HOST, '--port', String(port), '--log-level', 'error', '--disable-config-env'],
    ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...(uiPort === null || uiCodecUrl === undefined ? [] : ['--ui-codec-endpoint', uiCodecUrl]),
    ...Object.values(SEARCH_ATTRIBUTES).flatMap(name => ['--search-attribute', `${name}=Keyword`]),
    ...Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
    ...(dbFile === undefined
      ? []
      : ['--db-filename', dbFile, ...DURABLE_AND_QUICK.flatMap(pragma => ['--sqlite-pragma', pragma])]),
  ]
}

/** Without these every write waits for the disk; with them a killed server still loses nothing. */
const DURABLE_AND_QUICK = ['journal_mode=wal', 'synchronous=normal'] as const

/** null when it is ready; how it ended when it ended before. Throws when it does neither in time, or is told to stop. */
async function untilReadyOrEnded(
  server: OwnedProcess,
  address: string,
  signal?: AbortSignal,
): Promise<ProcessEnd | null> {
  const over = new AbortController()
  const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  try {
    const preparing = prepareNamespace({ address, namespace: NAMESPACE, waitMs: START_MS, signal: stop })
    const early = await Promise.race([server.ended, preparing.then(() => null)])
    signal?.throwIfAborted()
    return early
  } catch (error) {
    await server.stop(STOP_MS)
    signal?.throwIfAborted()
    const end = await server.ended
    throw new TemporalServerError(`${describeEnd(end)}\n(it was stopped, as it did not become ready)`, {
      cause: error,
    })
  } finally {
    over.abort()
  }
}

function describeEnd(end: ProcessEnd): string {
  return [`The ${endOf(end)}.`, ...end.tail.map(line => `  ${line}`)].join('\n')
}
