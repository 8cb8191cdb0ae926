/**
 * What the pipeline itself costs: from submit to the arrival of the terminal callback, less the engine's drawing and
 * encoding, of one SDXL image at a time, with the preview engine as fast as it can. Real processes, a server that keeps
 * its data in a file. `npm run bench:overhead -- [--jobs 60] [--json]`
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from '@temporalio/client'
import { z } from 'zod'
import { connectPipelineClient } from '../client/index.ts'
import { startDevStack } from '../dev/stack.ts'
import { findTemporalBinary } from '../dev/temporalBinary.ts'
import { workflowIds } from '../jobs/workflowIds.ts'
import { parseConfig } from '../runtime/config.ts'
import { connectTemporal } from '../runtime/temporalConnection.ts'
import { type Legs, legsOf, median, quantile } from './legs.ts'

const WARM_UP = 10
const received = z.object({ deliveries: z.array(z.object({ receivedAt: z.string(), sequence: z.number() })) })

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '60' }, json: { type: 'boolean', default: false } },
})
const count = Number(values.jobs)

const dataDir = await mkdtemp(join(tmpdir(), 'ourvidz-bench-'))
const config = parseConfig({ DATA_DIR: dataDir })
const stack = await startDevStack({
  dataDir,
  signingKey: config.store.signingKey,
  previewSpeed: 0,
  env: process.env,
  temporalBinary: await findTemporalBinary(),
  ui: false,
  tell: () => {},
})
try {
  const { temporal } = parseConfig({ TEMPORAL_ADDRESS: stack.addresses.temporalAddress })
  const pipeline = await connectPipelineClient(parseConfig({ TEMPORAL_ADDRESS: temporal.address }))
  const connection = await connectTemporal(temporal)
  const server = new Client({ connection })
  const samples: Legs[] = []
  for (let i = 0; i < WARM_UP + count; i++) {
    const id = randomUUID()
    const submittedAtMs = performance.timeOrigin + performance.now()
    await pipeline.submit(payload(id))
    const outcome = await pipeline.result(id)
    const deliveredAtMs = await terminalArrival(id)
    const history = await server.workflow.getHandle(workflowIds.job(id)).fetchHistory()
    if (i >= WARM_UP) samples.push(legsOf({ submittedAtMs, deliveredAtMs, outcome, history }))
  }
  await pipeline.close()
  await connection.close()
  report(samples)
} finally {
  await stack.stop()
  await rm(dataDir, { recursive: true, force: true })
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
async function terminalArrival(jobId: string): Promise<number> {
  const response = await fetch(`${stack.addresses.receiverUrl}/jobs/${jobId}`)
  const { deliveries } = received.parse(await response.json())
  return Date.parse(deliveries.find(({ sequence }) => sequence === 2)?.receivedAt ?? '')
}

function report(samples: readonly Legs[]): void {
  const names = Object.keys(samples[0] ?? {}) as (keyof Legs)[]
  const rows = names.map(name => {
    const found = samples.map(sample => sample[name])
    return { leg: name, p50: median(found), p95: quantile(found, 0.95), max: Math.max(...found) }
  })
  if (values.json) {
    console.log(JSON.stringify({ jobs: samples.length, unit: 'ms', rows }))
    return
  }
  console.log(`${samples.length} SDXL images, one at a time; ms`)
  for (const { leg, p50, p95, max } of rows) {
    const figures = [p50, p95, max].map(value => value.toFixed(1).padStart(8))
    console.log(`${leg.padEnd(28)} p50 ${figures[0]}  p95 ${figures[1]}  max ${figures[2]}`)
  }
}
