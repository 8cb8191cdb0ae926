/** WAN's command line: starts, rewrites the prompt if it shall, loads, computes, saves, ends. `node wanGenerate.ts <options as JSON>`. */
import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { connectCard } from '../card/client.ts'
import { COSTS, ENHANCER_MODELS, encodeSeconds, loadSeconds, renderSeconds, WAN_MODELS } from '../costs.ts'
import { createFileMaker } from '../files.ts'
import { pass, untilMs } from '../pause.ts'
import { programOptionsSchema } from '../programOptions.ts'
import { templatesOf } from '../templates.ts'
import { workSchema } from '../work.ts'

const optionsSchema = programOptionsSchema.extend({
  work: workSchema,
  file: z.string(),
  /** When the command was given: what this machine needs to start a process is part of what a real one needs. */
  startedMs: z.number(),
})

const { world, ffmpeg, work, file, startedMs } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const { scale } = world
process.stdin.resume().once('end', () => process.exit(1))

const card = await connectCard(world.cardSocket, 'loop wan')
await untilMs(startedMs + COSTS.processStartSeconds * scale * 1000)
if (work.enhance) {
  await pass(loadSeconds(ENHANCER_MODELS), scale)
  await card.compute(work.jobId, COSTS.enhanceSeconds)
}
await pass(loadSeconds(WAN_MODELS), scale)
await card.compute(work.jobId, renderSeconds(work))
const files = createFileMaker({ folder: templatesOf(world), ffmpeg })
await writeFile(file, await files.bytes(work, work.jobId))
await pass(encodeSeconds(work), scale)
process.exit(0)
