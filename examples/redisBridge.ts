/**
 * For producers that can only push: takes their jobs from the Redis lists (Redis 6.2 or later) and submits them. Until Temporal
 * has a job it stays in `<list>:submitting`; what can never become one goes to `<list>:refused`. It ends when Redis or Temporal
 * is away, for a supervisor to start it again. `REDIS_URL=… TEMPORAL_ADDRESS=… node redisBridge.ts`
 */
import { setTimeout } from 'node:timers/promises'
import { Redis } from 'ioredis'
// In an app: from 'ourvidz'.
import * as ourvidz from '../client/index.ts'

const { InvalidPayloadError, PayloadTooLargeError, JobConflictError } = ourvidz
const REFUSALS = [SyntaxError, InvalidPayloadError, PayloadTooLargeError, JobConflictError]

const pipeline = await ourvidz.connectPipelineClient(ourvidz.parseClientConfig(process.env))
const options = { commandTimeout: 10_000, retryStrategy: () => null }
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', options)
await Promise.all(['sdxl_queue', 'wan_queue'].map(bridge))

async function bridge(list: string): Promise<never> {
  const submitting = `${list}:submitting`
  // What an earlier run had begun is taken again; if Temporal has it already, submitting it changes nothing.
  while ((await redis.lmove(submitting, list, 'LEFT', 'RIGHT')) !== null);
  for (;;) {
    const text = await redis.lmove(list, submitting, 'RIGHT', 'LEFT')
    if (text === null) await setTimeout(500)
    else {
      await submit(text, `${list}:refused`)
      await redis.lrem(submitting, 1, text)
    }
  }
}

async function submit(text: string, refused: string): Promise<void> {
  try {
    await pipeline.submit(JSON.parse(text))
  } catch (error) {
    if (!REFUSALS.some(kind => error instanceof kind)) throw error
    await redis.lpush(refused, text)
  }
}
