import { existsSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import { createPipelineClient, type PipelineClient } from '../../client/index.ts'
import { type CallbackReceiver, startCallbackReceiver } from '../../dev/callbackReceiver.ts'
import { freePort } from '../../dev/freePort.ts'
import type { OwnedProcess } from '../../dev/ownedProcess.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import { startTemporalServer, type TemporalServer } from '../../dev/temporalServer.ts'
import { JOB_TYPES } from '../../jobs/jobTypes.ts'
import { type StorageStandIn, startSupabaseStorage } from '../standins/supabaseStorage.ts'

/** Temporal's time-outs pass five times as fast: a dead worker is noticed after six seconds. */
const TIME_SCALE = 0.2

/** An installation of real processes, each of which a test can kill: what an operator has on several machines. */
export interface Installation {
  pipeline: PipelineClient
  /** The app. It is elsewhere, so nothing that happens here stops it. */
  receiver: CallbackReceiver
  storage(): StorageStandIn
  startStorage(): Promise<void>
  stopStorage(): Promise<void>
  /** On the database in that file, at the same address as before. */
  startTemporal(database: string): Promise<void>
  startControl(): Promise<OwnedProcess>
  /** `dataDir`: of that machine. */
  startGpu(hostId: string, dataDir: string): Promise<OwnedProcess>
  /** SIGKILL to every process at once, Temporal and the inference programs included. Resolves when they are gone. */
  powerLoss(): Promise<void>
  /** What the app took over of a job in the end: the ids and the statuses of its terminal deliveries, each once. */
  endOf(jobId: string): { ids: string[]; statuses: string[] }
  close(): Promise<void>
}

export interface InstallationOptions {
  /** Absolute; logs and the control workers' data. */
  folder: string
  previewSpeed: number
}

export async function openInstallation({ folder, previewSpeed }: InstallationOptions): Promise<Installation> {
  const receiver = await startCallbackReceiver()
  const objects: StorageStandIn['objects'] = new Map()
  const buckets = Object.fromEntries(Object.keys(JOB_TYPES).map(name => [name, {}]))
  const storagePort = await freePort()
  const temporalPort = await freePort()
  const address = `127.0.0.1:${temporalPort}`
  const running = new Set<OwnedProcess>()
  let storage: StorageStandIn | null = null
  let temporal: TemporalServer | null = null
  let count = 0

  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'info',
    TIME_SCALE: String(TIME_SCALE),
    TEMPORAL_ADDRESS: address,
    TASK_QUEUE_PREFIX: 'operations',
    STORE: 'supabase',
    SUPABASE_URL: `http://127.0.0.1:${storagePort}`,
    SUPABASE_SERVICE_ROLE_KEY: 'service-role-key',
    STAGING: 'directory',
    CALLBACK_URL: receiver.callbackUrl,
    PREVIEW_SPEED: String(previewSpeed),
    HOST_LOST_SECONDS: '30',
    SHUTDOWN_GRACE_SECONDS: '10',
  }

  async function start(kind: 'control' | 'gpu', more: Record<string, string>): Promise<OwnedProcess> {
    count += 1
    const logFile = join(folder, 'logs', `${kind}-${count}.log`)
    const healthPort = await freePort()
    const port = { [`${kind.toUpperCase()}_HEALTH_PORT`]: String(healthPort) }
    const worker = await startStackWorker({ kind, env: { ...env, ...more, ...port }, healthPort, logFile })
    running.add(worker)
    void worker.ended.then(() => running.delete(worker))
    return worker
  }

  async function powerLoss(): Promise<void> {
    const all = [...running, ...(temporal === null ? [] : [temporal])]
    for (const { pid } of all) process.kill(-pid, 'SIGKILL')
    await Promise.all(all.map(({ ended }) => ended))
    temporal = null
  }

  const lazy = Connection.lazy({ address })
  return {
    pipeline: createPipelineClient({ connection: lazy, queuePrefix: env.TASK_QUEUE_PREFIX }),
    receiver,
    storage() {
      if (storage === null) throw new Error('the storage is down')
      return storage
    },
    async startStorage() {
      storage = await startSupabaseStorage({ buckets, port: storagePort, objects })
    },
    async stopStorage() {
      await storage?.close()
      storage = null
    },
    async startTemporal(database) {
      temporal = await startTemporalServer({ ui: false, dbFile: database, port: temporalPort })
      if (temporal.address !== address) throw new Error('another process has taken the port')
    },
    startControl: () => start('control', { DATA_DIR: join(folder, 'control') }),
    startGpu: (hostId, dataDir) => start('gpu', { DATA_DIR: dataDir, HOST_ID: hostId }),
    powerLoss,
    endOf(jobId) {
      const terminal = receiver.log.deliveries.filter(
        each => each.jobId === jobId && each.processed && each.status !== 'processing',
      )
      return {
        ids: [...new Set(terminal.map(({ webhookId }) => String(webhookId)))],
        statuses: [...new Set(terminal.map(({ status }) => String(status)))],
      }
    },
    async close() {
      await powerLoss()
      await lazy.close()
      await storage?.close()
      await receiver.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const BEGAN = /^began-(\d+)\.json$/

/** How often the render of a job was begun on a machine, which the number of its only mark tells, and whether it is finished there. */
export async function rendersOn(
  dataDir: string,
  jobId: string,
): Promise<{ begun: number; finished: boolean }> {
  const folder = join(dataDir, 'renders', jobId)
  const [plan] = existsSync(folder) ? await readdir(folder) : []
  const names = plan === undefined ? [] : await readdir(join(folder, plan))
  return {
    begun: Math.max(0, ...names.map(name => Number(BEGAN.exec(name)?.[1] ?? 0))),
    finished: names.includes('receipt.json'),
  }
}
