import type { InferenceProgram } from '../engines/inferenceProgram.ts'
import type { LaneModes } from '../gpu/laneModes.ts'
import { GUARANTEED_SHARES } from '../gpu/shares.ts'
import type { CardStatus, LaneStatus, MemoryStatus } from '../jobs/cardStatus.ts'
import { LANES, type Lane } from '../jobs/jobTypes.ts'
import type { Checks } from '../runtime/readiness.ts'

export interface CardStatusDeps {
  hostId: string
  program: Pick<InferenceProgram, 'state' | 'tasks'>
  lanes: Pick<LaneModes, 'get'>
  /** State of the lane's Temporal Worker; null before there is one. */
  workerState: (lane: Lane) => string | null
  card: CardStatus['card']
  memory: () => MemoryStatus | null
}

/** Gives what an operator asks of the card, as it is at the moment of the call. */
export function createCardStatus(deps: CardStatusDeps): () => CardStatus {
  return function cardStatus() {
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
        const reason = whyNotServed(deps, lane) ?? (mode === 'open' ? null : `the lane is ${mode}`)
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

/** Readiness of each lane; `find` throws while there is nothing to be asked yet. One that an operator has closed does as it was told, so it is no reason not to be ready. */
export function laneChecks(find: () => Pick<CardStatusDeps, 'program' | 'lanes' | 'workerState'>): Checks {
  const check = (lane: Lane) => () => {
    const deps = find()
    const why = whyNotServed(deps, lane)
    if (why !== null) throw new Error(why)
    return deps.lanes.get(lane)
  }
  return Object.fromEntries(LANES.map(lane => [`lane ${lane}`, check(lane)]))
}

function whyNotServed(
  { program, workerState }: Pick<CardStatusDeps, 'program' | 'workerState'>,
  lane: Lane,
): string | null {
  const { status, warming, outOfService } = program.state()
  if (status !== 'ready') return `the inference program is ${status}`
  if (warming) return 'models are being loaded'
  if (outOfService.includes(lane)) return 'out of service: its jobs killed the program again and again'
  const state = workerState(lane)
  if (state === 'RUNNING') return null
  return `the lane's worker is ${state === null ? 'not started yet' : state.toLowerCase()}`
}
