import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStore } from '../../assets/createStore.ts'
import { findFfmpeg } from '../../assets/ffmpeg.ts'
import { verifyRenderedFile } from '../../assets/inspect.ts'
import { createStoreServer } from '../../assets/storeServer.ts'
import { type CallbackReceiver, startCallbackReceiver } from '../../dev/callbackReceiver.ts'
import { type ExampleJob, newExampleJobs, putExamplePictures } from '../../dev/exampleJobs.ts'
import { writeTinyModels } from '../../engines/python/testing/engineHarness.ts'
import type { CallbackBody } from '../../jobs/callback.ts'
import { jobTypeNames } from '../../jobs/jobTypes.ts'
import type { Card } from '../../workers/card.ts'
import type { JobOutcome } from '../../workflows/types.ts'
import { openTestStack, type Part, type TestStack } from '../stack.ts'
import { payloadOf } from './payloads.ts'
import { ending } from './pipeline.ts'

/*
 * The same pipeline as everywhere in these tests, with the program that computes in the place of the one that draws test
 * cards: real SDXL and WAN pipelines over tiny models with random weights, on the CPU.
 */

const LIMIT_MS = 400_000
const SIGNING_KEY = 'signing-key-of-a-test'

let folder: string
let modelsDir: string
let stack: TestStack
let receiver: CallbackReceiver
let storeServer: ReturnType<typeof createStoreServer>
let gpu: Part & { card: Card }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ourvidz-engine-'))
  modelsDir = join(folder, 'models')
  await writeTinyModels(modelsDir)
  receiver = await startCallbackReceiver({})
  const storeDir = join(folder, 'store')
  storeServer = createStoreServer({ directory: storeDir, signingKey: SIGNING_KEY })
  const { url } = await storeServer.listen(0, '127.0.0.1')
  stack = await openTestStack({
    STORE_DIR: storeDir,
    STORE_URL: url,
    STORE_SIGNING_KEY: SIGNING_KEY,
    ENGINE: 'diffusers',
    ENGINE_DEVICE: 'cpu',
    MODELS_DIR: modelsDir,
    PYTHON: process.env.PYTHON ?? '',
    CALLBACK_URL: receiver.callbackUrl,
    REFERENCE_ALLOW_HOSTS: '127.0.0.1',
  })
  await stack.startControl()
  gpu = await stack.startGpu()
}, LIMIT_MS)

afterAll(async () => {
  await stack.stop()
  await receiver.close()
  await storeServer.close()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

/** Fewer steps and frames than the contract's: the models are tiny, but their pictures have the real size. */
function shortened(job: ExampleJob): ExampleJob {
  const config = typeof job.config === 'object' && job.config !== null ? job.config : {}
  return {
    ...job,
    config: {
      ...config,
      size: undefined,
      width: undefined,
      height: undefined,
      ...sizeOf(job),
      sample_steps: 2,
      frame_num: 5,
    },
  }
}

function sizeOf({ type }: ExampleJob): object {
  return type.startsWith('sdxl') ? { size: '512*512' } : { size: '480*832' }
}

function heard(jobId: string): CallbackBody[] {
  return receiver.log.deliveries
    .filter(delivery => delivery.jobId === jobId && delivery.processed)
    .map(({ body }): CallbackBody => JSON.parse(body))
}

describe('all ten types and five reference modes, with the program that computes', () => {
  let jobs: ExampleJob[]
  let outcomes: Map<string, JobOutcome>

  beforeAll(async () => {
    const store = createStore(stack.config.store)
    await putExamplePictures(store)
    jobs = (await newExampleJobs(store)).map(shortened)
    for (const job of jobs) await stack.pipeline.submit(job)
    outcomes = new Map()
    for (const job of jobs) outcomes.set(job.id, await ending(stack, job.id))
  }, LIMIT_MS)

  it('end completed, with whole files of the right size and length', async () => {
    const ffmpeg = await findFfmpeg()
    expect(new Set(jobs.map(({ type }) => type)).size).toBe(jobTypeNames.length)
    const modes = new Set([...outcomes.values()].map(({ referenceMode }) => referenceMode))
    expect([...modes].sort()).toEqual(['both', 'end', 'none', 'single', 'start'])
    for (const job of jobs) {
      const outcome = outcomes.get(job.id)
      expect(outcome, job.type).toMatchObject({ status: 'completed', failure: null })
      const video = job.type.startsWith('video')
      for (const [index, { path }] of (outcome?.assets ?? []).entries()) {
        const { width = 0, height = 0 } = outcome?.receipt?.files[index] ?? {}
        expect([width, height]).toEqual(job.type.startsWith('sdxl') ? [512, 512] : [480, 832])
        await verifyRenderedFile(
          join(stack.config.store.directory, outcome?.bucket ?? '', path),
          { contentType: video ? 'video/mp4' : 'image/png', width, height, frames: video ? 5 : 1 },
          ffmpeg,
        )
      }
    }
  })

  it('say in the callback how each reference was honoured, and what the engine was', () => {
    for (const job of jobs) {
      const last = heard(job.id).at(-1)
      expect(last?.status).toBe('completed')
      const outcome = outcomes.get(job.id)
      expect(outcome?.receipt?.engine).toMatchObject({ name: 'diffusers', device: 'cpu' })
      const { reference_mode: mode, reference_method: method, reference_type: type } = last?.metadata ?? {}
      if (mode === 'none') expect(method).toBeUndefined()
      else if (!job.type.startsWith('sdxl')) expect(method).toBe('vace')
      else expect(method).toBe(`ip-adapter-${type}`)
      const enhanced = job.type.endsWith('_enhanced')
      expect(outcome?.enhancedPrompt).toEqual(enhanced ? expect.stringMatching(/\w/) : null)
      if (enhanced) expect(last?.metadata?.enhancement).toBe('applied')
    }
  })
})

it(
  'a program that is killed in mid-render is started again, and every job finishes',
  async () => {
    const store = createStore(stack.config.store)
    const [first, second] = (await newExampleJobs(store)).filter(({ type }) => type === 'sdxl_image_fast')
    if (first === undefined || second === undefined) throw new Error('two examples of SDXL')
    const long = { ...shortened(first), config: { size: '512*512', sample_steps: 60, seed: 1 } }
    await stack.pipeline.submit(long)
    await expect.poll(() => gpu.card.program.tasks().holder?.lane, { timeout: 60_000 }).toBe('sdxl')
    const { info } = gpu.card.program.state()
    process.kill(info?.pid ?? 0, 'SIGKILL')
    await stack.pipeline.submit(shortened(second))
    expect(await ending(stack, long.id)).toMatchObject({ status: 'completed' })
    expect(await ending(stack, second.id)).toMatchObject({ status: 'completed' })
    expect(gpu.card.program.state().info?.pid).not.toBe(info?.pid)
  },
  LIMIT_MS,
)

describe('on a machine without VACE and without the enhancer', () => {
  const LACKING = ['wan2.1-vace-1.3b-diffusers', 'qwen2.5-7b-instruct']
  const config = { size: '480*832', sample_steps: 2, frame_num: 5, seed: 7 }

  beforeAll(async () => {
    const lacking = join(folder, 'lacking models')
    await mkdir(lacking)
    const names = await readdir(modelsDir)
    expect(names).toEqual(expect.arrayContaining(LACKING))
    for (const name of names.filter(each => !LACKING.includes(each))) {
      await symlink(join(modelsDir, name), join(lacking, name))
    }
    await gpu.stop()
    gpu = await stack.startGpu({ MODELS_DIR: lacking })
  }, LIMIT_MS)

  async function outcomeOf(payload: ReturnType<typeof payloadOf>): Promise<JobOutcome> {
    await stack.pipeline.submit(payload)
    return await ending(stack, payload.id)
  }
  const sha256 = (outcome: JobOutcome) => outcome.receipt?.files.map(file => file.sha256)

  it(
    'an enhanced type is drawn from the prompt as it came, and the callback says so',
    async () => {
      const job = payloadOf({ type: 'image7b_fast_enhanced', config })
      const enhanced = await outcomeOf(job)
      expect(enhanced).toMatchObject({ status: 'completed', enhancedPrompt: null, failure: null })
      const last = heard(job.id).at(-1)
      expect(last).toMatchObject({ status: 'completed', metadata: { enhancement: 'failed' } })
      expect(last).not.toHaveProperty('enhancedPrompt')
      // The plain type has the same defaults.
      const plain = await outcomeOf(payloadOf({ type: 'image_fast', config }))
      expect(sha256(enhanced)).toEqual(sha256(plain))
      expect(sha256(enhanced)).toHaveLength(1)
      const other = await outcomeOf(payloadOf({ type: 'image_fast', config, prompt: 'a red bicycle' }))
      expect(sha256(other)).not.toEqual(sha256(plain))
    },
    LIMIT_MS,
  )

  it(
    'a reference that a video is made without, as the producer allows, is told as dropped; else the job fails',
    async () => {
      const store = createStore(stack.config.store)
      await putExamplePictures(store)
      const [{ user_id: userId } = { user_id: '' }] = await newExampleJobs(store)
      const metadata = { start_reference_url: `reference_images/${userId}/lighthouse.png` }
      const type = 'video_fast'
      const strict = payloadOf({ type, userId, config, metadata })
      expect(await outcomeOf(strict)).toMatchObject({
        status: 'failed',
        receipt: null,
        failure: { code: 'model_missing' },
      })
      expect(heard(strict.id).at(-1)).toMatchObject({
        status: 'failed',
        metadata: { error_type: 'model_missing' },
      })

      const lenient = payloadOf({ type, userId, config, metadata: { ...metadata, reference_fallback: true } })
      const without = await outcomeOf(lenient)
      expect(without).toMatchObject({ status: 'completed', referenceMode: 'none', seed: 7 })
      const told = heard(lenient.id).at(-1)?.metadata
      expect(told).toMatchObject({ reference_dropped: 'model_missing', reference_mode: 'none' })
      expect(told).not.toHaveProperty('reference_method')
      expect(sha256(without)).toEqual(sha256(await outcomeOf(payloadOf({ type, config }))))
    },
    LIMIT_MS,
  )
})
