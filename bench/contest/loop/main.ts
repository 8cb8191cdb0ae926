/**
 * One of the two workers of the earlier system: pops its Redis list and does everything of a job, one step after the other,
 * before it looks at the next. `node main.ts <options as JSON>`.
 */
import { Redis } from 'ioredis'
import { z } from 'zod'
import { connectCard } from '../card/client.ts'
import { COSTS, loadSeconds, SDXL_MODELS } from '../costs.ts'
import { createFileMaker } from '../files.ts'
import { pass } from '../pause.ts'
import { programOptionsSchema } from '../programOptions.ts'
import { templatesOf } from '../templates.ts'
import { createJobRunner } from './runJob.ts'
import { createSdxlGenerator } from './sdxl.ts'
import { createWanGenerator } from './wan.ts'

const optionsSchema = programOptionsSchema.extend({
  queue: z.enum(['sdxl_queue', 'wan_queue']),
  /** Whether SDXL's model stays on the card between jobs. */
  warm: z.boolean(),
})

const { world, ffmpeg, queue, warm } = optionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
process.stdin.resume().once('end', () => process.exit(0))

const redis = new Redis(world.redisUrl)
const files = createFileMaker({ folder: templatesOf(world), ffmpeg })
const generate =
  queue === 'sdxl_queue'
    ? createSdxlGenerator({
        card: await connectCard(world.cardSocket, 'loop sdxl'),
        files,
        warm,
        scale: world.scale,
      })
    : createWanGenerator({ world, ffmpeg })
const runJob = createJobRunner({ world, generate })

if (queue === 'sdxl_queue' && warm) await pass(loadSeconds(SDXL_MODELS), world.scale)
process.stdout.write('ready\n')

for (;;) {
  const job = await redis.rpop(queue)
  if (job === null) await pass(COSTS.pollSeconds, world.scale)
  else await runJob(job)
}
