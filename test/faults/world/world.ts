import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { createPipelineClient, type PipelineClient } from '../../../client/index.ts'
import { jobTypeNames } from '../../../jobs/jobTypes.ts'
import { environmentSchema } from '../../../runtime/environmentSchema.ts'
import type { RunFile } from '../audit/evidence.ts'
import { type HttpMode, type HttpProxy, startHttpProxy } from './httpProxy.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { type OwnObjects, openOwnObjects } from './ownObjects.ts'
import { type Pictures, servePictures } from './pictures.ts'
import { openRecords, type Records } from './records.ts'
import { PICTURE_BUCKET, STAGING_BUCKET } from './referenceLibrary.ts'
import { type RenderSeen, type RenderWatch, watchRenders } from './renderWatch.ts'
import { startStandIn } from './standInProcess.ts'
import { STORE_KEY } from './storeKey.ts'
import { type KeptTemporal, keepTemporal } from './temporal.ts'
import { type Host, startControlWorker, startHost, type WorkerProcess } from './workers.ts'

export interface WorldOptions {
  /** Folder of this world, empty. */
  directory: string
  seed: number
  timeScale: number
  /** Told what happens to the processes. */
  tell: (line: string) => void
}

/** Everything that a run of faults needs, as real processes. */
export interface World {
  directory: string
  evidence: string
  timeScale: number
  /** HOST_LOST_SECONDS of the run, as it passes there. */
  hostLostMs: number
  records: Records
  ledger: Ledger
  temporal: KeptTemporal
  client: Client
  pipeline: PipelineClient
  objects: OwnObjects
  receiver: HttpProxy
  pictures: Pictures
  controls: WorkerProcess[]
  /** Those that live. */
  hosts: Host[]
  retired: Host[]
  setStore(mode: HttpMode): void
  /** Called for what happens in the render folders; gives the way out. */
  onRender(listener: (seen: RenderSeen) => void): () => void
  addHost(options: { smallDisk: boolean }): Promise<Host>
  /** The machine is gone: its worker and engine are killed, and its name never comes back. */
  retireHost(host: Host): Promise<void>
  /** The first part of run.json. */
  about(): Omit<RunFile, 'endedAt'>
  /** Ends the workers in an orderly way, then the store, which lists its objects. Temporal stays. */
  settle(): Promise<void>
  stop(): Promise<void>
}

/** What the pretended card has: both families fit, so that the budget is looked after and rarely in the way. */
const CARD_MIB = 49_140
const WORKER_STOP_MS = 20_000
/** What tells of the machine, and not of an installation. */
const OF_THE_MACHINE = ['PATH', 'LD_LIBRARY_PATH', 'XDG_CACHE_HOME', 'FFMPEG', 'PYTHON']
/** A `.env` that names a real installation has no effect here: an empty variable is as good as none. */
const NOTHING_FROM_OUTSIDE = Object.fromEntries(
  Object.keys(environmentSchema.shape)
    .filter(name => !OF_THE_MACHINE.includes(name))
    .map(name => [name, '']),
)
/** More than a restart takes, less than would make a run long. */
const HOST_LOST_SECONDS = 200

/** Throws when it cannot be opened, after everything that was started has been ended. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const releases: (() => unknown)[] = []
  const stop = async () => {
    for (let release = releases.pop(); release !== undefined; release = releases.pop()) {
      await Promise.resolve(release()).catch(error => options.tell(`while stopping: ${error}`))
    }
  }
  try {
    return await open(options, releases, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function open(
  options: WorldOptions,
  releases: (() => unknown)[],
  stopAll: () => Promise<void>,
): Promise<World> {
  const { directory, seed, timeScale, tell } = options
  const evidence = join(directory, 'evidence')
  await mkdir(join(directory, 'logs'), { recursive: true })
  const records = await openRecords(evidence)
  const ledger = createLedger()
  const log = (name: string) => join(directory, 'logs', `${name}.log`)

  const temporal = await keepTemporal(directory, tell)
  releases.push(() => temporal.keeper.stop(5000))
  const pictures = await servePictures()
  releases.push(() => pictures.close())
  const buckets = [...jobTypeNames]
  const storeBuckets = [STAGING_BUCKET, PICTURE_BUCKET, 'workspace_assets', ...buckets]
  const store = await startStandIn('storeProcess', [evidence, ...storeBuckets], { logFile: log('store') })
  releases.push(() => store.process.stop(5000))
  const objects = openOwnObjects(store.url)
  const app = await startStandIn('receiverProcess', [evidence], {
    logFile: log('receiver'),
    onLine: ledger.received,
  })
  releases.push(() => app.process.stop(0))
  const receiver = await startHttpProxy(app.url)
  releases.push(() => receiver.close())

  const workers = {
    directory,
    temporalPort: () => temporal.port,
    storeUrl: store.url,
    tell,
    env: {
      ...NOTHING_FROM_OUTSIDE,
      ASSET_URLS: 'path',
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      TIME_SCALE: String(timeScale),
      STORE: 'supabase',
      SUPABASE_SERVICE_ROLE_KEY: STORE_KEY,
      STAGING: 'store',
      STAGING_BUCKET,
      CALLBACK_URL: `${receiver.url}/functions/v1/job-callback`,
      CALLBACK_RETRY_HOURS: '0.05',
      METRICS_URL: `${receiver.url}/metrics`,
      REFERENCE_ALLOW_HOSTS: pictures.host,
      ENGINE: 'preview',
      PREVIEW_SPEED: '0.02',
      ENGINE_SILENCE_SECONDS: '60',
      CARD_MEMORY_MIB: String(CARD_MIB),
      HOST_LOST_SECONDS: String(HOST_LOST_SECONDS),
      QUARANTINE_HOURS: '0.5',
      END_WITH_STDIN: 'true',
    },
  }

  const listeners = new Set<(seen: RenderSeen) => void>()
  const watches = new Map<Host, RenderWatch>()
  const hosts: Host[] = []
  const retired: Host[] = []

  let added = 0
  async function addHost({ smallDisk }: { smallDisk: boolean }): Promise<Host> {
    added += 1
    const host = await startHost(`card-${added}`, { ...workers, evidence, smallDisk })
    if (host.disk !== null) tell(`${host.hostId}: a full disk is acted out by ${host.disk.kind}`)
    hosts.push(host)
    watches.set(
      host,
      watchRenders({
        directory: join(host.dataDir, 'renders'),
        host: host.hostId,
        onSeen: seen => {
          for (const listener of listeners) listener(seen)
        },
        onReceipt: records.receipt,
      }),
    )
    return host
  }

  const controls: WorkerProcess[] = []
  const everyWorker = () => [...controls, ...hosts, ...retired]
  releases.push(async () => {
    for (const watch of watches.values()) watch.close()
    await Promise.all(everyWorker().flatMap(({ temporal, store }) => [temporal.close(), store.close()]))
    for (const { disk } of [...hosts, ...retired]) await disk?.release()
  })
  releases.push(() => Promise.all(everyWorker().map(({ keeper }) => keeper.stop(WORKER_STOP_MS))))

  for (const name of ['control-1', 'control-2']) controls.push(await startControlWorker(name, workers))
  await addHost({ smallDisk: true })
  await addHost({ smallDisk: false })

  const connection = await Connection.connect({ address: temporal.address })
  releases.push(() => connection.close())
  const client = new Client({ connection })
  const startedAt = new Date().toISOString()

  const world: World = {
    ...{ directory, evidence, timeScale, records, ledger, temporal, client, receiver, pictures },
    ...{ controls, hosts, retired, addHost },
    pipeline: createPipelineClient({ client }),
    objects,
    hostLostMs: HOST_LOST_SECONDS * 1000 * timeScale,
    setStore(mode) {
      for (const { store: way } of everyWorker()) way.set(mode)
    },
    onRender(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async retireHost(host) {
      host.retiredAt = new Date().toISOString()
      hosts.splice(hosts.indexOf(host), 1)
      retired.push(host)
      host.keeper.hold()
      const engine = host.enginePid()
      host.keeper.signal('SIGKILL')
      if (engine !== null) killGroup(engine)
      await host.keeper.gone()
      watches.get(host)?.close()
    },
    about: () => ({
      ...{ seed, scale: timeScale, startedAt, buckets },
      hosts: [...retired, ...hosts].map(({ hostId, startedAt, retiredAt }) => ({
        ...{ hostId, startedAt, retiredAt },
      })),
      bounds: { hostLostMs: world.hostLostMs },
    }),
    async settle() {
      await Promise.all(everyWorker().map(({ keeper }) => keeper.stop(WORKER_STOP_MS)))
      await store.process.stop(10_000)
      await records.file('placed.json', { buckets: storeBuckets, objects: objects.placed() })
      await records.flush()
    },
    async stop() {
      await stopAll()
      await records.flush()
    },
  }
  return world
}

/** An engine leads a group of its own. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
