import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@temporalio/client'
import { z } from 'zod'
import { connectPipelineClient } from '../client/index.ts'
import { startDevStack } from '../dev/stack.ts'
import type { StackAddresses } from '../dev/stackAddresses.ts'
import { findTemporalBinary } from '../dev/temporalBinary.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { parseConfig } from '../runtime/config.ts'
import { connectTemporal } from '../runtime/temporalConnection.ts'
import { type Legs, legsOf } from './legs.ts'

export interface OverheadStack {
  addresses: StackAddresses
  /** The legs of so many SDXL images, one at a time. */
  measure(count: number): Promise<Legs[]>
  stop(): Promise<void>
}

const received = z.object({ deliveries: z.array(z.object({ receivedAt: z.string(), sequence: z.number() })) })

/** The whole pipeline as real processes, its server's data in a file, its preview engine as fast as it can. */
export async function startOverheadStack({
  encryptionKeys = '',
}: {
  /** ENCRYPTION_KEYS of clients and workers. */
  encryptionKeys?: string
} = {}): Promise<OverheadStack> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ourvidz-bench-'))
  const opened = new AsyncDisposableStack()
  opened.defer(() => rm(dataDir, { recursive: true, force: true }))
  try {
    const stack = await startDevStack({
      callbackUrl: null,
      dataDir,
      signingKey: parseConfig({ DATA_DIR: dataDir }).store.signingKey,
      previewSpeed: 0,
      env: { ...process.env, ENCRYPTION_KEYS: encryptionKeys },
      temporalBinary: await findTemporalBinary(),
      ui: false,
      tell: () => {},
    })
    opened.defer(() => stack.stop())
    const config = parseConfig({
      TEMPORAL_ADDRESS: stack.addresses.temporalAddress,
      ENCRYPTION_KEYS: encryptionKeys,
    })
    const pipeline = await connectPipelineClient(config)
    opened.defer(() => pipeline.close())
    const connection = await connectTemporal(config.temporal)
    opened.defer(() => connection.close())
    const server = new Client({ connection })

    async function measureOne(): Promise<Legs> {
      const id = randomUUID()
      const submittedAtMs = performance.timeOrigin + performance.now()
      await pipeline.submit(payload(id))
      const outcome = await pipeline.result(id)
      const deliveredAtMs = await terminalArrival(stack.addresses.receiverUrl, id)
      const history = await server.workflow.getHandle(workflowIds.job(id)).fetchHistory()
      return legsOf({ submittedAtMs, deliveredAtMs, outcome, history })
    }

    return {
      addresses: stack.addresses,
      async measure(count) {
        const samples: Legs[] = []
        for (let index = 0; index < count; index++) samples.push(await measureOne())
        return samples
      },
      stop: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

function payload(id: string) {
  const config = { size: '1024*1024', num_images: 1, seed: 7 }
  return {
    id,
    user_id: randomUUID(),
    type: 'sdxl_image_fast',
    prompt: 'a lighthouse at dusk',
    config,
    metadata: {},
  }
}

/** When the receiver got the job's terminal callback, by this machine's clock. */
async function terminalArrival(receiverUrl: string, jobId: string): Promise<number> {
  const response = await fetch(`${receiverUrl}/jobs/${jobId}`)
  const { deliveries } = received.parse(await response.json())
  return Date.parse(deliveries.find(({ sequence }) => sequence === 2)?.receivedAt ?? '')
}
