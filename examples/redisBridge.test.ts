import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { findRedis, startRedis } from '../bench/contest/redis.ts'
import { payloadFor, startHarness } from '../client/imitation/harness.ts'
import { createPipelineClient } from '../client/index.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'

const BRIDGE = fileURLToPath(new URL('./redisBridge.ts', import.meta.url))

const LISTS = ['sdxl_queue', 'sdxl_queue:submitting', 'wan_queue', 'wan_queue:submitting']
const json = (value: unknown) => JSON.stringify(value)

test.skipIf((await findRedis()) === null)(
  'jobs of both lists are submitted, also those that an earlier run had begun',
  async () => {
    const [server, harness] = await Promise.all([startRedis(await temporaryDirectory()), startHarness()])
    const { env, queuePrefix } = harness
    const redis = new Redis(server.url)
    const [begun, sdxl, wan] = [payloadFor('complete'), payloadFor('complete'), payloadFor('complete')]
    const conflict = json({ ...sdxl, prompt: 'another' })
    await redis.lpush('sdxl_queue:submitting', json(begun))
    await redis.lpush('sdxl_queue', json(sdxl), 'no JSON', conflict, '{}')
    await redis.lpush('wan_queue', json(wan))
    const variables = {
      REDIS_URL: server.url,
      TEMPORAL_ADDRESS: env.address,
      TASK_QUEUE_PREFIX: queuePrefix,
    }
    const bridge = spawn(process.execPath, [BRIDGE], {
      env: { ...process.env, ...variables },
      stdio: 'ignore',
    })
    const ended = once(bridge, 'exit')
    try {
      const left = () => Promise.all(LISTS.map(list => redis.llen(list)))
      await expect.poll(left, { timeout: 20_000 }).toEqual([0, 0, 0, 0])
      const pipeline = createPipelineClient({ client: env.client, queuePrefix })
      for (const job of [begun, sdxl, wan]) {
        expect(await pipeline.submit(job)).toMatchObject({ created: false })
      }
      expect(await redis.lrange('sdxl_queue:refused', 0, -1)).toEqual(['{}', conflict, 'no JSON'])
      redis.disconnect()
      await server.stop()
      expect(await ended).toEqual([1, null])
    } finally {
      bridge.kill()
      redis.disconnect()
      await Promise.all([server.stop(), harness.stop()])
    }
  },
)
