import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import type { MissingWeights } from './missingWeights.ts'

export interface LaneGateDeps {
  program: Pick<InferenceProgram, 'state'>
  missingWeights: MissingWeights
}

/** Resolves when a job of the lane could be rendered here. Rejects with the signal's reason. */
export type LaneGate = (lane: Lane, signal: AbortSignal) => Promise<void>

/** How soon it is seen that weights were fetched, or that the program is well again. */
const LOOK_MS = 5_000

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

/** Why no job of a lane can be rendered here for some time; null when one can. */
export async function whyClosed(
  { program, missingWeights }: LaneGateDeps,
  lane: Lane,
): Promise<string | null> {
  const { status, outOfService } = program.state()
  if (status === 'broken') return 'the inference program is broken'
  if (outOfService.includes(lane)) return 'out of service: its jobs killed the program again and again'
  return await missingWeights(lane)
}
