import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import type { Lane, ModelName, RenderLane } from '../jobs/jobTypes.ts'
import type { MissingWeights } from './missingWeights.ts'

export interface LaneGateDeps {
  program: Pick<InferenceProgram, 'state'>
  missingWeights: MissingWeights
}

/** Resolves when a job of the lane could be rendered here. Rejects with the signal's reason. */
export type LaneGate = (lane: Lane, signal: AbortSignal) => Promise<void>

/** Of a lane whose jobs killed the program. */
export const OUT_OF_SERVICE = 'out of service: its jobs killed the program again and again'
/** What each lane renders with: once it is loaded, no file is asked for it. */
const MODEL: Record<RenderLane, ModelName> = {
  sdxl: 'lustify_sdxl',
  'wan.image': 'wan_2_1_1_3b',
  'wan.video': 'wan_2_1_1_3b',
}
/** How soon it is seen that weights are there, or that the program is well again. */
const LOOK_MS = 1_000

/**
 * What a machine cannot render it must not take: a job would fail at once, or wait at a broken machine while another is free.
 * In its queue it waits for either.
 */
export function createLaneGate(
  deps: LaneGateDeps & { log: Pick<Logger, 'warn'>; lookMs?: number },
): LaneGate {
  const { log, lookMs = LOOK_MS } = deps
  return async (lane, signal) => {
    for (let told: string | null = null; ; ) {
      const why = await whyClosed(deps, lane)
      if (why === null) return
      if (why !== told) log.warn({ lane, why }, 'the lane takes no jobs')
      told = why
      await sleep(lookMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}

/** Why no job of a lane can be rendered here now; null when one can, or will as soon as the program has started for the first time. */
async function whyClosed({ program, missingWeights }: LaneGateDeps, lane: Lane): Promise<string | null> {
  const { status, crashes, info, outOfService } = program.state()
  // Of the first start nothing is known yet; after a crash the next one may crash as well.
  if (status !== 'ready' && crashes > 0) return `the inference program is ${status}`
  if (outOfService.includes(lane)) return OUT_OF_SERVICE
  if (lane !== 'wan.enhance' && info?.models.includes(MODEL[lane])) return null
  const missing = await missingWeights(lane)
  return missing?.all ? missing.why : null
}
