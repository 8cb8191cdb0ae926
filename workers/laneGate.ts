import type { Logger } from 'pino'
import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import { type Lane, laneRow } from '../jobs/jobTypes.ts'
import type { MissingWeights } from './missingWeights.ts'
import type { NoRoom } from './noRoom.ts'
import type { Preparation } from './preparation.ts'

export interface LaneGateDeps {
  program: Pick<InferenceProgram, 'state'>
  missingWeights: MissingWeights
  noRoom: NoRoom
  preparation: Preparation
}

/** Resolves when a job of the lane could be rendered here. Rejects with the signal's reason. */
export type LaneGate = (lane: Lane, signal: AbortSignal) => Promise<void>

/** How soon it is seen that weights are there, or room, or that the program is well again. */
const LOOK_MS = 1_000

/**
 * What a machine cannot render it must not take: a job would fail at once, or wait at a broken machine while another is free.
 * In its queue it waits for either.
 */
export function createLaneGate(
  deps: LaneGateDeps & { log: Pick<Logger, 'info' | 'warn'>; lookMs?: number },
): LaneGate {
  const { log, preparation, lookMs = LOOK_MS } = deps
  function soon(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, lookMs)
    const off = preparation.onDone(resolve)
    const onAbort = () => resolve()
    signal.addEventListener('abort', onAbort)
    return promise.finally(() => {
      clearTimeout(timer)
      off()
      signal.removeEventListener('abort', onAbort)
    })
  }
  return async (lane, signal) => {
    for (let told: string | null = null; ; ) {
      const why = await whyClosed(deps, lane)
      if (why === null) return
      if (why !== told) log[preparation.isDone() ? 'warn' : 'info']({ lane, why }, 'the lane takes no jobs')
      told = why
      await soon(signal)
      signal.throwIfAborted()
    }
  }
}

/** Whether the gate opens within so long. */
export async function opensWithin(
  limitMs: number,
  gate: LaneGate,
  lane: Lane,
  signal: AbortSignal,
): Promise<boolean> {
  const waiting = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  try {
    await gate(lane, waiting)
    return true
  } catch (error) {
    signal.throwIfAborted()
    if (waiting.aborted) return false
    throw error
  }
}

/** Why no job of a lane can be rendered here now; null when one can. */
export async function whyClosed(deps: LaneGateDeps, lane: Lane): Promise<string | null> {
  const { status, outOfService } = deps.program.state()
  // After a death the next start may die as well, and other machines are there.
  if (status !== 'ready') return `the inference program is ${status}`
  if (!deps.preparation.isDone()) return 'models are being warmed up'
  if (outOfService.includes(lane)) return 'out of service: its jobs killed the program again and again'
  // An enhanced prompt is no file.
  const full = lane === 'wan.enhance' ? null : await deps.noRoom()
  if (full !== null) return full
  const missing = await whatIsMissing(deps, lane)
  return missing?.certain ? missing.why : null
}

/** Weights that a lane lacks: none where its model is loaded, as the program knows better than its files tell. */
export async function whatIsMissing(
  { program, missingWeights }: Pick<LaneGateDeps, 'program' | 'missingWeights'>,
  lane: Lane,
): ReturnType<MissingWeights> {
  const loaded = lane !== 'wan.enhance' && program.state().info?.models.includes(laneRow(lane).model)
  return loaded ? null : await missingWeights(lane)
}
