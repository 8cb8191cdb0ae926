import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import { verifyRenderedFile } from '../../assets/inspect.ts'
import { processesWith } from '../../dev/testing/processes.ts'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { CONTENDERS } from './contenders.ts'
import { computeSeconds } from './costs.ts'
import { objectPath } from './deliver.ts'
import { findRedis } from './redis.ts'
import { benchJob } from './scenarios/benchJob.ts'
import { REFERENCE_BUCKET } from './store.ts'
import { workOf } from './work.ts'
import { openWorld } from './world.ts'

const SCALE = 0.004
const LIMIT_MS = 120_000

const redis = await findRedis()
const required = process.env.REQUIRE_REDIS === '1'
if (redis === null && !required) {
  console.warn(
    'Without redis-server the loop and BullMQ are not tested; install it: apt install redis-server',
  )
}

/** One of each kind: 3 images, an enhanced one, a guided one, a video. */
function jobsFor(name: string) {
  return [
    benchJob({ key: [name, 1], user: name, type: 'sdxl_image_fast', images: 3 }),
    benchJob({ key: [name, 2], user: name, type: 'image_fast', reference: true }),
    benchJob({ key: [name, 3], user: name, type: 'image7b_high_enhanced' }),
    benchJob({ key: [name, 4], user: name, type: 'video_fast' }),
  ]
}

describe.each(Object.values(CONTENDERS))('$name', contender => {
  test.skipIf(redis === null && contender.name !== 'ours' && !required)(
    'each job costs the card what the table says, and ends with its callback and its files',
    async () => {
      const dir = await temporaryDirectory()
      const opened = await openWorld({ scale: SCALE, dir, redis: contender.name !== 'ours' })
      onTestFinished(opened.close)
      const running = await contender.start(opened.world)
      onTestFinished(running.stop)
      const jobs = jobsFor(contender.name)
      const submitted = await Promise.all(jobs.map(job => opened.submit(running, job)))
      expect(await opened.untilEnded(submitted, { timeoutMs: LIMIT_MS / 2 })).toBe(true)
      const record = await opened.record(contender.name, submitted)

      expect(record.jobs.map(({ status }) => status)).toEqual(jobs.map(() => 'completed'))
      const ffmpeg = await findFfmpeg()
      const expected = new Set<string>()
      for (const job of jobs) {
        const work = workOf(job)
        const uses = record.card.filter(({ jobId }) => jobId === job.id)
        const computedMs = uses.reduce((sum, use) => sum + use.computedMs, 0)
        expect(computedMs).toBeCloseTo(computeSeconds(work) * SCALE * 1000, 3)

        const arrivals = opened.arrivals.filter(({ jobId }) => jobId === job.id)
        expect(arrivals.map(({ status }) => status)).toEqual(['processing', 'completed'])
        const paths = Array.from({ length: work.images }, (_, index) => objectPath(work, index))
        expect(arrivals[1]?.assets).toEqual(paths)
        for (const path of paths) {
          const object = opened.store.objects.get(`${work.bucket}/${path}`)
          const contentType = work.frames > 1 ? 'video/mp4' : 'image/png'
          expect(object?.contentType).toBe(contentType)
          const file = join(dir, path.replaceAll('/', '-'))
          await writeFile(file, object?.bytes ?? '')
          const { width, height, frames } = work
          await verifyRenderedFile(file, { contentType, width, height, frames }, ffmpeg)
          expected.add(object?.bytes.toString('base64') ?? path)
        }
      }
      // No file stands for another, and nothing lies there that no callback names, but for thumbnails.
      expect(expected.size).toBe(6)
      const pictures = [...opened.store.objects.keys()].filter(
        path => !path.startsWith(REFERENCE_BUCKET) && !path.endsWith('.webp'),
      )
      expect(pictures).toHaveLength(6)

      expect(await opened.computing()).toBe(0)
      await running.stop()
      await opened.close()
      expect(processesWith(dir)).toEqual([])
    },
    LIMIT_MS,
  )
})
