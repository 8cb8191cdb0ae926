import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDirectoryStore } from '../assets/directoryStore.ts'
import type { ObjectStore } from '../assets/store.ts'
import { createStoreServer } from '../assets/storeServer.ts'
import { tryProcessLock } from '../gpu/processLock.ts'
import { startCodecServer } from '../runtime/codecServer.ts'
import { parseConfig } from '../runtime/config.ts'
import { readableLine } from '../runtime/logLine.ts'
import { createPayloadCodec } from '../runtime/payloadCodec.ts'
import { startCallbackReceiver } from './callbackReceiver.ts'
import type { Environment } from './environment.ts'
import { freePort } from './freePort.ts'
import type { OwnedProcess, ProcessEnd } from './ownedProcess.ts'
import { publishAddresses, type StackAddresses } from './stackAddresses.ts'
import { CALLBACK_TOKEN, stackEnvironment } from './stackEnvironment.ts'
import { StackError } from './stackError.ts'
import { chooseStackPorts } from './stackPorts.ts'
import { startStackWorker } from './stackWorker.ts'
import { storeLinks } from './storeLinks.ts'
import { startTemporalServer, type TemporalServer } from './temporalServer.ts'

export interface DevStackOptions {
  /** Absolute path; everything that the stack keeps is in it. */
  dataDir: string
  /** Signs the store's URLs. */
  signingKey: string
  /** Factor of the real expected times that a preview takes. */
  previewSpeed: number
  /** The environment that the workers get, before what the stack sets. */
  env: Environment
  /** The `temporal` program. */
  temporalBinary: string
  /** Where callbacks go in place of the stack's own receiver; null for that. */
  callbackUrl: string | null
  /** Whether to serve Temporal's Web UI. */
  ui: boolean
  /** Told what a person should know. */
  tell: (line: string) => void
  /** Gets the log of every part, besides its file. */
  onLogLine?: (part: string, line: string) => void
  signal?: AbortSignal
}

export interface DevStack {
  addresses: StackAddresses
  store: ObjectStore
  /** Folder with a log file of each part. */
  logDir: string
  /** Settles when a part has ended that nobody asked to end. */
  crashed: Promise<ProcessEnd>
  /** Ends everything, the last started first. May be called again. */
  stop(): Promise<void>
}

const CODEC_PORT = 8081
/** Beyond the workers' own limit for an orderly end. */
const WORKER_STOP_MS = 20_000
/** Of an engine that computes: its packages are fetched, its models loaded and compiled. */
const ENGINE_READY_MS = 60 * 60_000

/**
 * Starts the whole pipeline on this machine: Temporal, both workers, a directory store and a callback receiver. Throws
 * {@link StackError} or `TemporalServerError`, after everything that it had started was ended.
 */
export async function startDevStack(options: DevStackOptions): Promise<DevStack> {
  const releases: (() => unknown)[] = []
  let stopping: Promise<void> | null = null
  const stop = () => {
    stopping ??= releaseAll(releases)
    return stopping
  }
  try {
    return { ...(await start(options, release => releases.push(release))), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  options: DevStackOptions,
  defer: (release: () => unknown) => void,
): Promise<Omit<DevStack, 'stop'>> {
  const { dataDir, tell, signal } = options
  await mkdir(dataDir, { recursive: true })
  const lock = await tryProcessLock(join(dataDir, 'dev.lock'))
  if (lock === null) {
    throw new StackError(
      `A development stack runs on ${dataDir} already; dev.json there says where its parts are.`,
    )
  }
  defer(() => lock.release())

  const logDir = join(dataDir, 'logs')
  const logFile = (name: string) => join(logDir, `${name}.log`)
  const toTerminal = (part: string) =>
    options.onLogLine
      ? { onLine: (line: string) => options.onLogLine?.(part, readableLine(line).trimEnd()) }
      : {}
  const stoppable = signal ? { signal } : {}

  const { encryption } = parseConfig({ ENCRYPTION_KEYS: options.env.ENCRYPTION_KEYS })
  const codecPort = encryption.keys.length > 0 ? await freePort(CODEC_PORT) : null
  const ports = await chooseStackPorts(tell)
  const temporal = await startTemporalServer({
    binary: options.temporalBinary,
    port: ports.temporal,
    ui: options.ui,
    uiPort: ports.ui,
    ...(codecPort === null ? {} : { uiCodecUrl: `http://127.0.0.1:${codecPort}` }),
    dbFile: join(dataDir, 'temporal.db'),
    logFile: logFile('temporal'),
    ...toTerminal('temporal'),
    ...stoppable,
  })
  defer(() => temporal.stop())

  const codecServer =
    codecPort === null
      ? null
      : await startCodecServer({
          codec: createPayloadCodec(encryption),
          host: '127.0.0.1',
          port: codecPort,
          origins: temporal.uiUrl === null ? [] : [temporal.uiUrl],
          token: null,
        })
  if (codecServer !== null) defer(() => codecServer.close())

  const storeDir = join(dataDir, 'store')
  const storeServer = createStoreServer({ directory: storeDir, signingKey: options.signingKey })
  const { url: storeUrl } = await storeServer.listen(ports.store, '127.0.0.1')
  defer(() => storeServer.close())
  const store = createDirectoryStore({ directory: storeDir, url: storeUrl, signingKey: options.signingKey })

  const receiver = await startCallbackReceiver({
    port: ports.receiver,
    directory: dataDir,
    token: CALLBACK_TOKEN,
    linksOf: storeLinks(storeDir, store),
  })
  defer(() => receiver.close())

  const addresses = {
    temporalAddress: temporal.address,
    namespace: temporal.namespace,
    ...(temporal.uiUrl === null ? {} : { uiUrl: temporal.uiUrl }),
    ...(codecServer === null ? {} : { codecUrl: codecServer.url }),
    storeUrl,
    receiverUrl: receiver.url,
    callbackUrl: options.callbackUrl ?? receiver.callbackUrl,
    controlHealthPort: ports.control,
    gpuHealthPort: ports.gpu,
    pid: process.pid,
  }
  const { metricsUrl } = receiver
  const env = {
    ...stackEnvironment(options.env, {
      ...addresses,
      dataDir,
      metricsUrl,
      previewSpeed: options.previewSpeed,
    }),
    STORE_SIGNING_KEY: options.signingKey,
    ...(options.callbackUrl === null ? {} : appEnvironment(options.env)),
  }
  const computes = parseConfig({ ENGINE: options.env.ENGINE }).engine.kind !== 'preview'
  if (computes) {
    tell(
      'The engine is made ready: its packages, models and compiled kernels can take many minutes the first time. ' +
        `What it does is in ${logFile('gpu')}.`,
    )
  }
  const workers = await startBoth(
    (['control', 'gpu'] as const).map(kind =>
      startStackWorker({
        kind,
        env,
        healthPort: ports[kind],
        ...(computes ? { readyMs: ENGINE_READY_MS } : {}),
        logFile: logFile(kind),
        ...toTerminal(kind),
        ...stoppable,
      }),
    ),
    defer,
  )
  defer(await publishAddresses(dataDir, addresses))
  return { addresses, store, logDir, crashed: firstCrash([temporal, ...workers]) }
}

/** What an app that takes the callbacks itself may decide of them. */
function appEnvironment({ CALLBACK_TOKEN = '', ASSET_URLS = 'path' }: Environment) {
  return { CALLBACK_TOKEN, ASSET_URLS }
}

/** They start side by side, and also stop so; when one does not come up, the other is still stopped. */
async function startBoth(
  starting: Promise<OwnedProcess>[],
  defer: (release: () => unknown) => void,
): Promise<OwnedProcess[]> {
  const settled = await Promise.allSettled(starting)
  const started = settled.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  defer(() => Promise.all(started.map(worker => worker.stop(WORKER_STOP_MS))))
  for (const result of settled) if (result.status === 'rejected') throw result.reason
  return started
}

function firstCrash(parts: readonly (Pick<TemporalServer, 'ended'> | OwnedProcess)[]): Promise<ProcessEnd> {
  return new Promise(resolve => {
    for (const part of parts) {
      void part.ended.then(end => {
        if (!end.asked) resolve(end)
      })
    }
  })
}

async function releaseAll(releases: (() => unknown)[]): Promise<void> {
  for (let release = releases.pop(); release !== undefined; release = releases.pop()) await release()
}
