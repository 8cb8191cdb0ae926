import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectedPipelineClient, connectPipelineClient, parseClientConfig } from '../../client/index.ts'
import { startCallbackReceiver } from '../../dev/callbackReceiver.ts'
import type { Delivery } from '../../dev/deliveryLog.ts'
import { freePort } from '../../dev/freePort.ts'
import type { OwnedProcess } from '../../dev/ownedProcess.ts'
import { CALLBACK_TOKEN, stackEnvironment } from '../../dev/stackEnvironment.ts'
import { startStackWorker } from '../../dev/stackWorker.ts'
import { startTemporalServer } from '../../dev/temporalServer.ts'
import { treeOf } from './processUse.ts'

export interface ScaleStack {
  client: ConnectedPipelineClient
  /** Whose use is measured; the engine, which draws, is none of them. */
  pids: { server: number[]; control: number[]; gpu: number[] }
  stop(): Promise<void>
}

export const HOST = 'dev'
/**
 * The second of card that each job takes passes in 75 ms. So jobs wait for the card, as where it is real: one that takes no
 * time outruns the control worker, and what waits then is its workflow tasks, in no fair order.
 */
const PREVIEW_SPEED = 0.075

/** The pipeline as real processes, its server's data in a file, whose parts can be watched one by one. */
export async function startScaleStack(onDelivery: (delivery: Delivery) => void): Promise<ScaleStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ourvidz-scale-'))
  const opened = new AsyncDisposableStack()
  opened.defer(() => rm(dataDir, { recursive: true, force: true }))
  try {
    const receiver = await startCallbackReceiver({
      token: CALLBACK_TOKEN,
      behave(delivery) {
        onDelivery(delivery)
        return 'ok'
      },
    })
    opened.defer(() => receiver.close())
    const temporal = await startTemporalServer({ dbFile: join(dataDir, 'temporal.db'), ui: false })
    opened.defer(() => temporal.stop())
    const healthPorts = { control: await freePort(), gpu: await freePort() }
    const env = {
      ...stackEnvironment(
        {},
        {
          ...{
            dataDir,
            previewSpeed: PREVIEW_SPEED,
            metricsUrl: receiver.metricsUrl,
            callbackUrl: receiver.callbackUrl,
          },
          ...{ temporalAddress: temporal.address, namespace: temporal.namespace, receiverUrl: receiver.url },
          storeUrl: 'http://127.0.0.1:8788',
          ...{ controlHealthPort: healthPorts.control, gpuHealthPort: healthPorts.gpu },
        },
      ),
      LOG_LEVEL: 'warn',
    }
    const start = async (kind: 'control' | 'gpu'): Promise<OwnedProcess> => {
      const logFile = join(dataDir, 'logs', `${kind}.log`)
      const worker = await startStackWorker({ kind, env, healthPort: healthPorts[kind], logFile })
      // What still waits is thrown away with the folder.
      opened.defer(() => worker.stop(0))
      return worker
    }
    const control = await start('control')
    const gpu = await start('gpu')
    const client = await connectPipelineClient(parseClientConfig({ TEMPORAL_ADDRESS: temporal.address }))
    opened.defer(() => client.close())
    const pids = { server: await treeOf(temporal.pid), control: [control.pid], gpu: [gpu.pid] }
    return { client, pids, stop: () => opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}
