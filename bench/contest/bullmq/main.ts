/**
 * What a TypeScript developer would build on BullMQ: a queue for each kind of render, warm engines, and uploads and callbacks
 * in a queue of their own, so that the card does not wait for the network. `node main.ts <options as JSON>`.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Job, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { nowMs } from '../clock.ts'
import { downloadObject, objectPath, postCallback, uploadObject } from '../deliver.ts'
import { programOptionsSchema } from '../programOptions.ts'
import { workOf } from '../work.ts'
import { startEngine } from './engine.ts'
import { FINISH_QUEUE, type Finish, finishSchema, JOB_OPTIONS, RENDER_QUEUES } from './queues.ts'

/** One computes, and the next one is made ready meanwhile. */
const RENDERS_AT_ONCE = 2
const FINISHES_AT_ONCE = 8
/** Of the engine that two queues share: images before videos. */
const PRIORITIES = { sdxl: 1, 'wan-image': 1, 'wan-video': 2 } as const

const options = programOptionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const { world } = options
const { storeUrl, receiverUrl } = world
process.stdin.resume().once('end', () => process.exit(0))

const outDir = join(world.dir, 'renders')
await mkdir(outDir, { recursive: true })
const [sdxl, wan] = await Promise.all([
  startEngine({ ...options, family: 'sdxl', outDir }),
  startEngine({ ...options, family: 'wan', outDir }),
])
const connection = new Redis(world.redisUrl, { maxRetriesPerRequest: null })
const finishing = new Queue<Finish>(FINISH_QUEUE, { connection, defaultJobOptions: JOB_OPTIONS })

async function render(job: Job, priority: number): Promise<void> {
  const work = workOf({ payload: job.data })
  await postCallback(receiverUrl, work, { status: 'processing' })
  await Promise.all(work.sources.map(({ source }) => downloadObject(storeUrl, source)))
  const startedMs = nowMs()
  const files = await (work.family === 'sdxl' ? sdxl : wan).render(work, priority)
  const generationSeconds = (nowMs() - startedMs) / 1000
  await finishing.add(work.type, { work, files, generationSeconds }, { jobId: work.jobId })
}

async function finish(job: Job): Promise<void> {
  const { work, files, generationSeconds } = finishSchema.parse(job.data)
  const assets = await Promise.all(
    files.map(async (file, index) => {
      const bytes = await readFile(file)
      return await uploadObject({ storeUrl, bucket: work.bucket, path: objectPath(work, index), bytes })
    }),
  )
  await postCallback(receiverUrl, work, { status: 'completed', assets, generationSeconds })
  await Promise.all(files.map(file => rm(file)))
}

/** The app hears of a failure once no attempt is left. */
async function fail(job: Job | undefined, error: Error): Promise<void> {
  console.error(error)
  if (job === undefined || job.attemptsMade < (job.opts.attempts ?? 1)) return
  const rendered = finishSchema.safeParse(job.data)
  const work = rendered.success ? rendered.data.work : workOf({ payload: job.data })
  await postCallback(receiverUrl, work, { status: 'failed', errorMessage: error.message })
}

const workers = [
  ...RENDER_QUEUES.map(name => {
    const process = (job: Job) => render(job, PRIORITIES[name])
    return new Worker(name, process, { connection, concurrency: RENDERS_AT_ONCE })
  }),
  new Worker(FINISH_QUEUE, finish, { connection, concurrency: FINISHES_AT_ONCE }),
]
for (const worker of workers) {
  worker.on('error', error => console.error(error))
  worker.on('failed', (job, error) => void fail(job, error).catch(console.error))
}
await Promise.all(workers.map(worker => worker.waitUntilReady()))
process.stdout.write('ready\n')
