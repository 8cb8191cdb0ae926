import type { MemoryBudget } from '../gpu/memoryBudget.ts'
import type { MemoryNeeds } from '../gpu/memoryNeeds.ts'
import { JobFailure } from '../jobs/failures.ts'
import type { ProgramLink } from './engineRun.ts'
import type { EnhanceJob, RenderJob } from './protocol.ts'

export type Admitted =
  /** Its memory is set aside and the program has been told what to load; `drop` goes with the job. */
  | { kind: 'now'; drop: string[] }
  /** Others have to give memory back first. */
  | { kind: 'later' }
  | { kind: 'never'; failure: JobFailure }

/** Gives each job its memory of the card before it is sent, by telling the program which models to unload and to load. */
export interface Admission {
  admit(task: { id: string; job: RenderJob | EnhanceJob }, link: ProgramLink): Admitted
  /** The job needs those of its models no more that it needed for its text only. */
  textEncoded(taskId: string): void
  /** The job's GPU part is over. The most that the program had reserved meanwhile, and what it has now, if it knows. */
  over(taskId: string, memory: { peakMiB: number | null; reservedMiB: number | null }): void
  /** A program is ready: the models that every job needs are loaded before there are jobs. */
  begin(link: ProgramLink): void
  /** What the program has loaded. `unasked`: it answers none of the loads and unloads that it was told to do. */
  modelsAre(models: readonly string[], told: { reservedMiB: number | null; unasked: boolean }): void
  /** Whether those models are still being loaded. */
  loadingModels(): boolean
  /** The program has died. */
  reset(): void
}

/** Everything fits: for programs that know no memory. */
export const admitAll: Admission = {
  admit: () => ({ kind: 'now', drop: [] }),
  textEncoded: () => {},
  over: () => {},
  begin: () => {},
  modelsAre: () => {},
  loadingModels: () => false,
  reset: () => {},
}

export interface AdmissionOptions {
  budget: MemoryBudget
  needsOf: (job: RenderJob | EnhanceJob) => MemoryNeeds
  prewarm: readonly string[]
  /** Told of each load and eviction. */
  onMove?: (move: 'load' | 'unload', model: string) => void
}

export function createAdmission({ budget, needsOf, prewarm, onMove }: AdmissionOptions): Admission {
  /** Loads of prewarmed models without an answer yet. One that fails is answered too; the jobs that need it will say so. */
  let unanswered = 0
  /** Loads and unloads that the program has not answered yet; it does them in this order. */
  let underWay: { type: 'load' | 'unload'; model: string }[] = []

  function move(link: ProgramLink, type: 'load' | 'unload', models: readonly string[]): void {
    for (const model of models) {
      link.send({ type, model })
      underWay.push({ type, model })
      onMove?.(type, model)
    }
  }

  return {
    admit({ id, job }, link) {
      const reservation = budget.reserve(id, needsOf(job))
      switch (reservation.kind) {
        case 'wait':
          return { kind: 'later' }
        case 'never':
          return { kind: 'never', failure: new JobFailure('card_too_small', reservation.why) }
        case 'reserved':
          // The program does these in order, and the job's own part after them.
          move(link, 'unload', reservation.unload)
          move(link, 'load', reservation.load)
          return { kind: 'now', drop: reservation.drop }
      }
    },
    textEncoded(taskId) {
      // The program has the order already, with the job.
      for (const model of budget.textEncoded(taskId)) onMove?.('unload', model)
    },
    over(taskId, { peakMiB, reservedMiB }) {
      if (peakMiB !== null) budget.observe(taskId, peakMiB)
      if (reservedMiB !== null) budget.reservedIs(reservedMiB)
      budget.release(taskId)
    },
    begin(link) {
      const models = budget.prewarm(prewarm)
      unanswered = models.length
      move(link, 'load', models)
    },
    modelsAre(models, { reservedMiB, unasked }) {
      if (!unasked) {
        unanswered = Math.max(0, unanswered - 1)
        underWay.shift()
      }
      // What it was told meanwhile counts as done: nobody else may be promised the room of a model that is being loaded.
      const will = new Set(models)
      for (const { type, model } of underWay) {
        if (type === 'load') will.add(model)
        else will.delete(model)
      }
      budget.modelsAre([...will], reservedMiB)
    },
    loadingModels: () => unanswered > 0,
    reset() {
      unanswered = 0
      underWay = []
      budget.reset()
    },
  }
}
