import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../dev/freePort.ts'
import { startOwnedProcess } from '../../../dev/ownedProcess.ts'
import { type Disk, openDisk } from './disk.ts'
import { type HttpProxy, startHttpProxy } from './httpProxy.ts'
import { type Keeper, keepAlive } from './keeper.ts'
import { engineOf } from './processTree.ts'
import { startTcpProxy, type TcpProxy } from './tcpProxy.ts'

/** One worker process and its own ways to what it needs, so that one can be cut off alone. */
export interface WorkerProcess {
  keeper: Keeper
  temporal: TcpProxy
  store: HttpProxy
  healthUrl: string
  dataDir: string
}

export interface Host extends WorkerProcess {
  hostId: string
  disk: Disk | null
  startedAt: string
  /** When the machine was lost for good. */
  retiredAt: string | null
  enginePid(): number | null
}

export interface WorkerOptions {
  directory: string
  temporalPort: () => number
  storeUrl: string
  env: Record<string, string>
  tell: (line: string) => void
}

export async function startControlWorker(name: string, options: WorkerOptions): Promise<WorkerProcess> {
  const ways = await openWays(options)
  const port = await freePort()
  const dataDir = join(options.directory, 'workers', name)
  const env = {
    ...options.env,
    ...ways.env,
    DATA_DIR: dataDir,
    CONTROL_HEALTH_PORT: String(port),
  }
  return {
    keeper: keepWorker('control', name, env, options),
    ...ways,
    healthUrl: `http://127.0.0.1:${port}`,
    dataDir,
  }
}

/** `smallDisk`: on a file system of its own, which can be full. */
export async function startHost(
  hostId: string,
  options: WorkerOptions & { evidence: string; smallDisk: boolean },
): Promise<Host> {
  const ways = await openWays(options)
  const port = await freePort()
  const dataDir = join(options.directory, 'hosts', hostId)
  const disk = options.smallDisk ? await openDisk(dataDir) : null
  const env = {
    ...options.env,
    ...ways.env,
    DATA_DIR: dataDir,
    HOST_ID: hostId,
    GPU_HEALTH_PORT: String(port),
    PREVIEW_LOG: join(options.evidence, `engine-${hostId}.jsonl`),
  }
  const keeper = keepWorker('gpu', hostId, env, options)
  return {
    hostId,
    dataDir,
    disk,
    keeper,
    ...ways,
    healthUrl: `http://127.0.0.1:${port}`,
    startedAt: new Date().toISOString(),
    retiredAt: null,
    enginePid() {
      const pid = keeper.pid()
      return pid === null ? null : engineOf(pid)
    },
  }
}

async function openWays({ temporalPort, storeUrl }: WorkerOptions) {
  const temporal = await startTcpProxy(temporalPort)
  const store = await startHttpProxy(storeUrl)
  const env = { TEMPORAL_ADDRESS: `127.0.0.1:${temporal.port}`, SUPABASE_URL: store.url }
  return { temporal, store, env }
}

function keepWorker(
  kind: 'control' | 'gpu',
  name: string,
  env: Record<string, string>,
  { directory, tell }: WorkerOptions,
): Keeper {
  let life = 0
  return keepAlive({
    name,
    tell,
    start: () =>
      startOwnedProcess({
        name,
        command: process.execPath,
        args: [fileURLToPath(new URL(`../../../workers/${kind}.ts`, import.meta.url))],
        env,
        logFile: join(directory, 'logs', `${name}-${String(++life).padStart(3, '0')}.log`),
      }),
  })
}
