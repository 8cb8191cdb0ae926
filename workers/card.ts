import { join } from 'node:path'
import { verifyRenderedFile } from '../assets/inspect.ts'
import { writeRecord } from '../assets/renderRecords.ts'
import { createRenderStore, type RenderStore } from '../assets/renders.ts'
import { admitAll, createAdmission } from '../engines/admission.ts'
import {
  CANCEL_GRACE_MS,
  createInferenceProgram,
  type InferenceProgram,
} from '../engines/inferenceProgram.ts'
import { LANE_BREAKER_LIMITS } from '../engines/laneBreaker.ts'
import { createRenderDesk, type RenderDesk } from '../engines/renderDesk.ts'
import { RESPAWN_LIMITS } from '../engines/respawnPolicy.ts'
import { type LaneModes, openLaneModes } from '../gpu/laneModes.ts'
import { createMemoryBudget } from '../gpu/memoryBudget.ts'
import { needsOf } from '../gpu/memoryNeeds.ts'
import { createStrideTurnstile } from '../gpu/strideTurnstile.ts'
import type { CardStatus, MemoryStatus } from '../jobs/cardStatus.ts'
import { LANES } from '../jobs/jobTypes.ts'
import type { Config } from '../runtime/config.ts'
import type { Logger } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { scaledMs } from '../workflows/timeScale.ts'
import { createCardMetrics } from './cardMetrics.ts'
import type { Engine } from './engine.ts'
import { modelsToPrewarm } from './prewarm.ts'

export interface Card {
  program: InferenceProgram
  renders: RenderStore
  desk: RenderDesk
  lanes: LaneModes
  /** What the program is pinned to; null where it needs none. */
  card: CardStatus['card']
  memory: () => MemoryStatus | null
}

export interface CardDeps {
  config: Config
  engine: Engine
  ffmpeg: string
  log: Logger
  metrics: Metrics
  /** Whether a job's workflow is still open. */
  isWanted: (jobId: string) => Promise<boolean>
  /** The inference program was killed and does not end. */
  onUnending?: () => void
}

/** Real models take minutes to load from a slow disk. */
const START_TIMEOUT_MS = 10 * 60_000
/** Models are compiled when they are first used: that takes most of a minute, and has no gate at which a cancellation is heard. */
const COMPILING_CANCEL_GRACE_MS = 60_000

/** The card of this machine: the program that computes on it, who computes next, and the files that it makes. */
export async function createCard(deps: CardDeps): Promise<Card> {
  const { config, engine, ffmpeg, log, metrics, isWanted, onUnending } = deps
  const lanes = await openLaneModes({
    file: join(config.dataDir, 'card', `lanes-${config.hostId}.json`),
    write: writeRecord,
    log,
  })
  const budget =
    engine.budgetMiB === null
      ? null
      : createMemoryBudget({ budgetMiB: engine.budgetMiB, now: () => performance.now() })
  const memory = () => budget?.status() ?? null
  const { turns, onUse, onMove } = createCardMetrics(metrics, memory, lanes)
  const program = createInferenceProgram({
    ...engine.program,
    lanes: LANES,
    budgetMiB: engine.card === null ? null : engine.budgetMiB,
    createTurnstile: port =>
      createStrideTurnstile(port, {
        turns: config.card.turns,
        timeScale: config.card.timeScale,
        observer: turns,
      }),
    admission:
      budget === null
        ? admitAll
        : createAdmission({
            budget,
            needsOf: job => needsOf(job, engine.installed),
            prewarm: modelsToPrewarm(config),
            onMove,
          }),
    onUse,
    afterDeath: engine.afterDeath,
    ...(onUnending ? { onUnending } : {}),
    silenceMs: config.engine.silenceMs,
    startTimeoutMs: START_TIMEOUT_MS,
    ...programTimes(config),
    log: log.child({ part: 'engine' }),
  })
  for (const lane of LANES) program.setLaneMode(lane, lanes.get(lane))
  lanes.onChange(program.setLaneMode)
  const renders = createRenderStore(config.renders)
  const desk = createRenderDesk({
    program,
    renders,
    hostId: config.hostId,
    verifyFile: (file, expected) => verifyRenderedFile(file, expected, ffmpeg),
    isWanted,
    timeScale: config.timeScale,
    log: log.child({ part: 'render desk' }),
  })
  return { program, renders, desk, lanes, card: engine.card, memory }
}

/** Where all time passes quicker, in tests of faults, these do too; what a machine needs to start a program stays. */
function programTimes(config: Config) {
  const ms = (whole: number) => scaledMs(config, whole)
  return {
    cancelGraceMs: ms(config.engine.kind === 'preview' ? CANCEL_GRACE_MS : COMPILING_CANCEL_GRACE_MS),
    respawn: {
      backoffMs: ms(RESPAWN_LIMITS.backoffMs),
      backoffMaxMs: ms(RESPAWN_LIMITS.backoffMaxMs),
      breakerWindowMs: ms(RESPAWN_LIMITS.breakerWindowMs),
      breakerCooldownMs: ms(RESPAWN_LIMITS.breakerCooldownMs),
    },
    laneBreaker: {
      cooldownMs: ms(LANE_BREAKER_LIMITS.cooldownMs),
      longestCooldownMs: ms(LANE_BREAKER_LIMITS.longestCooldownMs),
    },
  }
}
