import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import { connectPipelineClient, parseClientConfig } from '../../client/index.ts'
import { freePort } from '../../dev/freePort.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import { startTemporalServer } from '../../dev/temporalServer.ts'
import type { Contender, World } from './contract.ts'
import type { EngineOptions } from './engine/options.ts'
import { startAll } from './startAll.ts'
import { STORE_KEY } from './storeKey.ts'

const ENGINE = fileURLToPath(new URL('./engine/main.ts', import.meta.url))
const STOP_MS = 10_000
/** The card that all contenders pretend to have. */
const CARD_MIB = 49_140

/**
 * This project's own programs: a Temporal server that keeps its data in a file, a control worker, a GPU worker, and an
 * inference program that computes on the world's card. All time limits are those of production. `env`: more variables of theirs.
 */
export function createOurs({ env: given = {} }: { env?: Record<string, string> } = {}): Contender {
  return {
    name: 'ours',
    async start(world) {
      const opened = new AsyncDisposableStack()
      try {
        const dataDir = join(world.dir, 'ours')
        const logFile = (name: string) => join(world.dir, 'logs', `${name}.log`)
        const temporal = await startTemporalServer({
          dbFile: join(dataDir, 'temporal.db'),
          ui: false,
          logFile: logFile('temporal'),
        })
        opened.defer(() => temporal.stop())
        const env = { ...(await environment(world, dataDir, temporal.address)), ...given }
        const workers = await startAll(
          (['control', 'gpu'] as const).map(async kind => {
            const healthPort = await freePort()
            const port = { CONTROL_HEALTH_PORT: String(healthPort), GPU_HEALTH_PORT: String(healthPort) }
            return await startStackWorker({
              kind,
              env: { ...env, ...port },
              healthPort,
              logFile: logFile(kind),
            })
          }),
        )
        opened.defer(async () => {
          await Promise.all(workers.map(worker => worker.stop(STOP_MS)))
        })
        const client = await connectPipelineClient(parseClientConfig(env))
        opened.defer(client.close)
        return {
          async submit({ payload }) {
            await client.submit(payload)
          },
          stop: () => opened.disposeAsync(),
        }
      } catch (error) {
        await opened.disposeAsync()
        throw error
      }
    },
  }
}

async function environment(
  world: World,
  dataDir: string,
  temporalAddress: string,
): Promise<Record<string, string>> {
  const { scale, cardSocket, dir } = world
  const ffmpeg = await findFfmpeg()
  const engine: EngineOptions = { scale, cardSocket, dir, ffmpeg }
  return {
    NODE_ENV: 'development',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_API_KEY: '',
    TEMPORAL_TLS: 'false',
    TASK_QUEUE_PREFIX: '',
    ENCRYPTION_KEYS: '',
    STORE: 'supabase',
    SUPABASE_URL: world.storeUrl,
    SUPABASE_SERVICE_ROLE_KEY: STORE_KEY,
    CALLBACK_URL: world.receiverUrl,
    CALLBACK_SECRET: '',
    METRICS_URL: '',
    OUTPUT_BUCKETS: '',
    ENGINE: 'own',
    ENGINE_COMMAND: JSON.stringify([process.execPath, ENGINE, JSON.stringify(engine)]),
    ENGINE_DEVICE: 'cpu',
    CARD_MEMORY_MIB: String(CARD_MIB),
    CARD_TIME_SCALE: String(scale),
    PREWARM: 'lustify_sdxl,wan_2_1_1_3b,umt5_xxl,prompt_enhancer',
    FFMPEG: ffmpeg,
    HOST_ID: 'bench',
    TIME_SCALE: '1',
    SHUTDOWN_GRACE_SECONDS: '3',
    END_WITH_STDIN: 'true',
  }
}
