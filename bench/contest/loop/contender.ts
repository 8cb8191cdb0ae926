import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { findFfmpeg } from '../../../assets/ffmpeg.ts'
import { jobTypeRow } from '../../../jobs/jobTypes.ts'
import type { Contender } from '../contract.ts'
import { startAll } from '../startAll.ts'
import { startProgram } from '../startProgram.ts'

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url))
const QUEUES = { sdxl: 'sdxl_queue', wan: 'wan_queue' } as const
const STOP_MS = 1_000

/** The system that this replaces: two processes, a list each. `warm`: SDXL's model stays loaded, which its description leaves open. */
export function createLoop({ warm }: { warm: boolean }): Contender {
  return {
    name: warm ? 'loop warm' : 'loop cold',
    async start(world) {
      const ffmpeg = await findFfmpeg()
      const workers = await startAll(
        Object.values(QUEUES).map(queue => {
          const args = [JSON.stringify({ world, ffmpeg, queue, warm })]
          return startProgram({ name: `loop ${queue}`, file: PROGRAM, args, dir: world.dir })
        }),
      )
      const redis = new Redis(world.redisUrl)
      return {
        async submit({ type, payload }) {
          await redis.lpush(QUEUES[jobTypeRow(type).family], JSON.stringify(payload))
        },
        async stop() {
          redis.disconnect()
          await Promise.all(workers.map(worker => worker.stop(STOP_MS)))
        },
      }
    },
  }
}
