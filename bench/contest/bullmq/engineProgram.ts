/** A warm engine: one process that keeps the models of one family, and saves a job's files while it computes the next. `node engineProgram.ts <options as JSON>`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { connectCard } from '../card/client.ts'
import { nowMs } from '../clock.ts'
import {
  COSTS,
  computeSeconds,
  ENHANCER_MODELS,
  encodeSeconds,
  loadSeconds,
  SDXL_MODELS,
  WAN_MODELS,
} from '../costs.ts'
import { createFileMaker } from '../files.ts'
import { onJsonLines } from '../jsonLines.ts'
import { pass, untilMs } from '../pause.ts'
import { programOptionsSchema } from '../programOptions.ts'
import { templatesOf } from '../templates.ts'
import { type EngineEvent, type EngineJob, engineJobSchema } from './engineMessages.ts'

const optionsSchema = programOptionsSchema.extend({ family: z.enum(['sdxl', 'wan']), startedMs: z.number() })

const { world, ffmpeg, family, startedMs } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const { scale } = world
const files = createFileMaker({ folder: templatesOf(world), ffmpeg })
const card = await connectCard(world.cardSocket, `bullmq ${family}`)
const say = (event: EngineEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`)

async function render({ work, outDir }: EngineJob): Promise<void> {
  await card.compute(work.jobId, computeSeconds(work))
  say({ type: 'computed', jobId: work.jobId })
  const begunMs = nowMs()
  const paths = Array.from({ length: work.images }, (_, index) =>
    join(outDir, `${work.jobId}-${index}.${work.frames > 1 ? 'mp4' : 'png'}`),
  )
  for (const [index, path] of paths.entries()) {
    await writeFile(path, await files.bytes(work, `${work.jobId} ${index}`))
  }
  await untilMs(begunMs + encodeSeconds(work) * scale * 1000)
  say({ type: 'saved', jobId: work.jobId, files: paths })
}

await untilMs(startedMs + COSTS.processStartSeconds * scale * 1000)
const models = family === 'sdxl' ? SDXL_MODELS : [...WAN_MODELS, ...ENHANCER_MODELS]
await pass(loadSeconds(models), scale)
onJsonLines(process.stdin, value => {
  const job = engineJobSchema.parse(value)
  render(job).catch((error: unknown) =>
    say({ type: 'failed', jobId: job.work.jobId, message: String(error) }),
  )
})
process.stdin.once('end', () => process.exit(0))
say({ type: 'ready' })
