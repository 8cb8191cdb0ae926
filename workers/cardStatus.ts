import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import type { LaneModes } from '../gpu/laneModes.ts'
import { GUARANTEED_SHARES } from '../gpu/shares.ts'
import type { CardStatus, LaneStatus, MemoryStatus } from '../jobs/cardStatus.ts'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import type { Checks } from '../runtime/readiness.ts'
import { type LaneGateDeps, whatIsMissing, whyClosed } from './laneGate.ts'

export interface CardStatusDeps extends LaneGateDeps {
  hostId: string
  program: Pick<InferenceProgram, 'state' | 'tasks'>
  lanes: Pick<LaneModes, 'get'>
  /** State of the lane's Temporal Worker; null before there is one. */
  workerState: (lane: Lane) => string | null
  card: CardStatus['card']
  memory: () => MemoryStatus | null
}

/** Gives what an operator asks of the card, as it is at the moment of the call. */
export function createCardStatus(deps: CardStatusDeps): () => Promise<CardStatus> {
  return async function cardStatus() {
    const reasons = new Map(
      await Promise.all(LANES.map(async lane => [lane, await whyNotServed(deps, lane)] as const)),
    )
    const { status, info, crashes, lastDeath } = deps.program.state()
    const tasks = deps.program.tasks()
    return {
      hostId: deps.hostId,
      at: new Date().toISOString(),
      card: deps.card,
      program: {
        status,
        name: info?.name ?? null,
        version: info?.version ?? null,
        device: info?.device ?? null,
        crashes,
        lastDeath,
      },
      holder: tasks.holder,
      lanes: LANES.map((lane): LaneStatus => {
        const mode = deps.lanes.get(lane)
        const reason = reasons.get(lane) ?? (mode === 'open' ? null : `the lane is ${mode}`)
        return {
          lane,
          mode,
          ready: reason === null,
          reason,
          running: tasks.running.get(lane) ?? [],
          waiting: tasks.waiting.get(lane) ?? [],
          guaranteedShare: GUARANTEED_SHARES[lane],
          heldSeconds: tasks.heldMs[lane] / 1000,
        }
      }),
      memory: deps.memory(),
    }
  }
}

/**
 * Readiness of each lane; `find` throws while there is nothing to be asked yet. One that an operator has closed does as it
 * was told, so it is no reason not to be ready.
 */
export function laneChecks(find: () => Served & Pick<CardStatusDeps, 'lanes'>): Checks {
  const check = (lane: Lane) => async () => {
    const deps = find()
    const why = await whyNotServed(deps, lane)
    if (why !== null) throw new Error(why)
    return deps.lanes.get(lane)
  }
  return Object.fromEntries(LANES.map(lane => [`lane ${lane}`, check(lane)]))
}

/** What tells whether a lane's jobs would be rendered. */
type Served = LaneGateDeps & Pick<CardStatusDeps, 'workerState'>

async function whyNotServed(served: Served, lane: Lane): Promise<string | null> {
  const closed = await whyClosed(served, lane)
  if (closed !== null) return closed
  if (served.program.state().loadingModels) return 'models are being loaded'
  const state = served.workerState(lane)
  if (state === 'RUNNING') return (await whatIsMissing(served, lane))?.why ?? null
  return `the lane's worker is ${state === null ? 'not started yet' : state.toLowerCase()}`
}
