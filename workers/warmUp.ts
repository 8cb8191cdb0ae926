import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import { plainRender } from '../engines/plainRender.ts'
import type { RenderJob } from '../engines/protocol.ts'
import type { LaneModes } from '../gpu/laneModes.ts'
import type { Lane, RenderLane } from '../jobs/jobTypes.ts'
import type { Logger } from '../runtime/log.ts'

/** The first job of each shape compiles its model's blocks, which takes minutes when nothing is in the compiler's cache yet. */
const LIMIT_SECONDS = 30 * 60

interface WarmUp {
  lane: RenderLane
  job: RenderJob
  /** Of a picture that is made for it. */
  role?: 'single' | 'start'
}

const SQUARE = { width: 1024, height: 1024 }
const TALL = { width: 832, height: 1216 }
/** Of more tokens than one of CLIP's windows has, 77, as our longer negative prompts are too. */
const LONG = Array(20).fill('a lighthouse at dusk').join(', ')

const sdxl = (images: number, more: Partial<RenderJob> = {}): WarmUp => ({
  lane: 'sdxl',
  job: { ...plainRender('sdxl', { ...SQUARE, frames: 1, steps: 2 }), images, ...more },
})
const wan = (lane: RenderLane, frames: number, role?: WarmUp['role']): WarmUp => ({
  lane,
  job: plainRender('wan', { width: 480, height: 832, frames, steps: 2 }),
  ...(role === undefined ? {} : { role }),
})

/**
 * What is compiled anew for: each size of a batch, each length, and the blocks that only references go through. What has been seen
 * in two sizes is compiled for any.
 */
const WARM_UPS: readonly WarmUp[] = [
  ...[1, 3, 6].map(images => sdxl(images)),
  sdxl(1, { ...TALL, prompt: LONG }),
  wan('wan.image', 1),
  wan('wan.image', 1, 'single'),
  wan('wan.video', 81),
  wan('wan.video', 81, 'start'),
]

export interface WarmUpOptions {
  /** Those that have something to be warmed up for. */
  models: readonly string[]
  lanes: Pick<LaneModes, 'get' | 'onChange'>
  log: Logger
  signal: AbortSignal
}

/**
 * Renders up to eight jobs for nobody, two of them videos of full length, before the lanes take jobs: compiling would
 * count as a job's time on the card, and cannot be interrupted. One that fails, or whose lane is paused meanwhile, is
 * logged and left out: its jobs will say why.
 */
export async function warmUp(
  program: Pick<InferenceProgram, 'run'>,
  { models, lanes, log, signal }: WarmUpOptions,
): Promise<void> {
  let current: { lane: Lane; pause: AbortController } | null = null
  lanes.onChange((lane, mode) => {
    if (mode === 'paused' && lane === current?.lane) current.pause.abort(new Error('the lane was paused'))
  })
  for (const { lane, job, role } of WARM_UPS.filter(each => models.includes(each.job.model))) {
    signal.throwIfAborted()
    if (lanes.get(lane) !== 'open') continue
    const about = { lane, images: job.images, reference: role ?? 'none' }
    const startedAt = performance.now()
    const pause = new AbortController()
    current = { lane, pause }
    try {
      await inFolder(async folder => {
        const outDir = join(folder, 'out')
        await mkdir(outDir)
        const id = `warm-up-${lane}`
        // It may have been closed meanwhile: the job would wait for it to open.
        if (lanes.get(lane) !== 'open') throw new Error('the lane was closed')
        const drawn = role === undefined ? job : await withReference(job, role, folder)
        await program.run(
          { id, lane, job: drawn, outDir, cardSecondsLimit: LIMIT_SECONDS },
          { signal: AbortSignal.any([signal, pause.signal]) },
        )
      })
      log.info({ ...about, ms: Math.round(performance.now() - startedAt) }, 'warmed up')
    } catch (err) {
      signal.throwIfAborted()
      log.warn({ ...about, err }, 'could not be warmed up')
    }
  }
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ourvidz-warm-up-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function withReference(
  job: RenderJob,
  role: NonNullable<WarmUp['role']>,
  folder: string,
): Promise<RenderJob> {
  const { width, height } = job
  const path = join(folder, 'grey.png')
  await sharp({ create: { width, height, channels: 3, background: 'grey' } }).toFile(path)
  return { ...job, referenceMode: role, referenceStrength: 1, references: [{ role, path }] }
}
