import { fileURLToPath } from 'node:url'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { findFfmpeg } from '../../../assets/ffmpeg.ts'
import type { Contender } from '../contract.ts'
import { startProgram } from '../startProgram.ts'
import { JOB_OPTIONS, queueOf, RENDER_QUEUES } from './queues.ts'

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url))
const STOP_MS = 1_000

/** BullMQ on Redis: what a TypeScript developer would build instead. */
export const bullmq: Contender = {
  name: 'bullmq',
  async start(world) {
    const args = [JSON.stringify({ world, ffmpeg: await findFfmpeg() })]
    const program = await startProgram({ name: 'bullmq', file: PROGRAM, args, dir: world.dir })
    const connection = new Redis(world.redisUrl, { maxRetriesPerRequest: null })
    const queues = new Map(
      RENDER_QUEUES.map(name => [name, new Queue(name, { connection, defaultJobOptions: JOB_OPTIONS })]),
    )
    return {
      async submit({ id, type, payload }) {
        await queues.get(queueOf(type))?.add(type, payload, { jobId: id })
      },
      async stop() {
        await Promise.all([...queues.values()].map(queue => queue.close()))
        connection.disconnect()
        await program.stop(STOP_MS)
      },
    }
  },
}
