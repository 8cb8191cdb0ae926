import { verifyRenderedFile } from '../assets/inspect.ts'
import { createRenderStore, type RenderStore } from '../assets/renders.ts'
import { createInferenceProgram, type InferenceProgram } from '../engines/inferenceProgram.ts'
import { previewCommand } from '../engines/preview/command.ts'
import { createRenderDesk, type RenderDesk } from '../engines/renderDesk.ts'
import { createFifoTurnstile } from '../gpu/fifoTurnstile.ts'
import { LANES } from '../jobs/jobTypes.ts'
import type { Config } from '../runtime/config.ts'
import type { Logger } from '../runtime/log.ts'

export interface Card {
  program: InferenceProgram
  renders: RenderStore
  desk: RenderDesk
}

export interface CardDeps {
  config: Config
  ffmpeg: string
  log: Logger
  /** Whether a job's workflow is still open. */
  isWanted: (jobId: string) => Promise<boolean>
}

/** Real models take minutes to load from a slow disk. */
const START_TIMEOUT_MS = 10 * 60_000

/** The card of this machine: the program that computes on it, who computes next, and the files that it makes. */
export function createCard(deps: CardDeps): Card {
  const { config, ffmpeg, log, isWanted } = deps
  const program = createInferenceProgram({
    ...previewCommand({ speed: config.engine.previewSpeed, ffmpeg }),
    lanes: LANES,
    budgetMiB: null,
    createTurnstile: createFifoTurnstile,
    silenceMs: config.engine.silenceMs,
    startTimeoutMs: START_TIMEOUT_MS,
    log: log.child({ part: 'engine' }),
  })
  const renders = createRenderStore(config.renders)
  const desk = createRenderDesk({
    program,
    renders,
    hostId: config.hostId,
    verifyFile: (file, expected) => verifyRenderedFile(file, expected, ffmpeg),
    isWanted,
    log: log.child({ part: 'render desk' }),
  })
  return { program, renders, desk }
}
