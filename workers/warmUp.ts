import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import { plainRender } from '../engines/plainRender.ts'
import type { RenderJob } from '../engines/protocol.ts'
import type { LaneModes } from '../gpu/laneModes.ts'
import type { RenderLane } from '../jobs/jobTypes.ts'
import type { Logger } from '../runtime/log.ts'

/** The first job of each shape compiles its model's blocks, which takes minutes when nothing is in the compiler's cache yet. */
const LIMIT_SECONDS = 30 * 60

/** The usual shape of each lane. */
const WARM_UPS: readonly { lane: RenderLane; job: RenderJob }[] = [
  { lane: 'sdxl', job: plainRender('sdxl', { width: 1024, height: 1024, frames: 1, steps: 2 }) },
  { lane: 'wan.image', job: plainRender('wan', { width: 480, height: 832, frames: 1, steps: 2 }) },
  { lane: 'wan.video', job: plainRender('wan', { width: 480, height: 832, frames: 81, steps: 2 }) },
]

export interface WarmUpOptions {
  /** Those that have something to be warmed up for. */
  models: readonly string[]
  lanes: Pick<LaneModes, 'get'>
  log: Logger
  signal: AbortSignal
}

/**
 * Renders a picture or two for nobody, before the worker takes jobs: compiling would count as a job's time on the card, and
 * cannot be interrupted. One that fails is logged, and the worker goes on: its jobs will say why.
 */
export async function warmUp(
  program: Pick<InferenceProgram, 'run'>,
  { models, lanes, log, signal }: WarmUpOptions,
): Promise<void> {
  for (const { lane, job } of WARM_UPS.filter(each => models.includes(each.job.model))) {
    signal.throwIfAborted()
    // One that an operator has closed computes nothing, and nobody could open it before the worker has started.
    if (lanes.get(lane) !== 'open') continue
    const outDir = await mkdtemp(join(tmpdir(), 'ourvidz-warm-up-'))
    const startedAt = performance.now()
    try {
      await program.run(
        { id: `warm-up-${lane}`, lane, job, outDir, cardSecondsLimit: LIMIT_SECONDS },
        { signal },
      )
      log.info({ lane, ms: Math.round(performance.now() - startedAt) }, 'warmed up')
    } catch (err) {
      signal.throwIfAborted()
      log.warn({ lane, err }, 'could not be warmed up')
    } finally {
      await rm(outDir, { recursive: true, force: true })
    }
  }
}
