import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../../dev/freePort.ts'
import type { OwnedProcess } from '../../dev/ownedProcess.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import type { Pipeline } from './pipeline.ts'

/** Of a machine whose inference program is started and never ready. */
export const NEVER_READY = {
  ENGINE: 'own',
  ENGINE_DEVICE: 'cpu',
  ENGINE_COMMAND: JSON.stringify([
    process.execPath,
    '-e',
    "process.stdin.resume().on('end', () => process.exit())",
  ]),
}

/** A GPU worker as a process of its own, which can be killed; one process cannot be two hosts. It ends with the test. */
export async function startMachine(
  { config }: Pick<Pipeline, 'config'>,
  hostId: string,
  dataDir: string,
  env: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<OwnedProcess> {
  const port = await freePort()
  const worker = await startStackWorker({
    kind: 'gpu',
    healthPort: port,
    logFile: join(dataDir, `${hostId}.log`),
    ...(signal ? { signal } : {}),
    env: {
      END_WITH_STDIN: 'true',
      DATA_DIR: dataDir,
      HOST_ID: hostId,
      STORE_DIR: config.store.directory,
      TEMPORAL_ADDRESS: config.temporal.address,
      TASK_QUEUE_PREFIX: config.temporal.queuePrefix,
      GPU_HEALTH_PORT: String(port),
      ...env,
    },
  })
  onTestFinished(() => worker.stop(5000))
  return worker
}
