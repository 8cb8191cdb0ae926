import type { MemoryStatus } from '../jobs/cardStatus.ts'
import type { MemoryNeeds } from './memoryNeeds.ts'
import {
  aloneMiB,
  heldMiB,
  isInUse,
  type JobMemory,
  type MemoryPlan,
  othersMiB,
  planMemory,
  workingSum,
} from './memoryPlan.ts'
import { MODELS, type ModelTable } from './models.ts'
import { createResidentModels } from './residentModels.ts'
import { createWorkingMemory } from './workingMemory.ts'

/** The job has its memory. The program must `unload` and then `load`, if anything, before it begins. */
export interface Reserved {
  kind: 'reserved'
  unload: string[]
  load: string[]
  /** Models that must leave the card as soon as this job's text is encoded: there is room for one phase at a time. */
  drop: string[]
}

export type Reservation =
  | Reserved
  /** Others must give memory back first. It has a place in line. */
  | { kind: 'wait' }
  /** It does not fit this card even alone. */
  | { kind: 'never'; why: string }

/**
 * Who may have memory of the card. A job gets all that it will ever need before it begins, or nothing: so no job that has
 * begun waits for another, and with none begun whatever fits alone is admitted. MiB of reserved memory.
 */
export interface MemoryBudget {
  /**
   * Idempotent for a job that has its memory; for one that waits, another try from its place in line, to be made whenever memory
   * was given back.
   */
  reserve(taskId: string, needs: MemoryNeeds): Reservation
  /** The job needs its transient models no more. Gives those that must leave the card now; others stay, idle. */
  textEncoded(taskId: string): string[]
  /** The job has ended in whatever way, or waits no longer. Its models stay, idle. */
  release(taskId: string): void
  /** What the program says is loaded, and what it has reserved. */
  modelsAre(models: readonly string[], reservedMiB?: number | null): void
  /** What the program has reserved now. */
  reservedIs(mib: number): void
  /** The most that the program had reserved, weights and all, while this job ran. Before its release. */
  observe(taskId: string, reservedPeakMiB: number): void
  /** The program died: nothing is loaded, nobody has or awaits memory. What was learned stays. */
  reset(): void
  /** The first of these models, as many as fit: to be loaded before there are jobs. */
  prewarm(models: readonly string[]): string[]
  status(): MemoryStatus
}

export interface MemoryBudgetOptions {
  budgetMiB: number
  /** Milliseconds. */
  now: () => number
  table?: ModelTable
}

/**
 * So many jobs may begin before one that came earlier and waits for more memory than is free; after them, nobody does until it has
 * begun. A stream of small jobs delays a large one and cannot starve it.
 */
export const MOST_OVERTAKING = 4

export function createMemoryBudget(options: MemoryBudgetOptions): MemoryBudget {
  const { budgetMiB, now, table = MODELS } = options
  const working = createWorkingMemory()
  const resident = createResidentModels(table, now)
  const begun = new Map<string, JobMemory>()
  const waiting = new Map<string, { overtaken: number }>()
  let reservedMiB: number | null = null
  const card = () => ({ budgetMiB, resident, jobs: [...begun.values()] })

  function reserve(taskId: string, needs: MemoryNeeds): Reservation {
    const job = begun.get(taskId)
    if (job) return { kind: 'reserved', unload: [], load: [], drop: dropped(job) }
    const workingMiB = working.of(needs)
    const leastMiB = aloneMiB(resident, needs, workingMiB)
    if (leastMiB > budgetMiB) {
      waiting.delete(taskId)
      return { kind: 'never', why: `"${needs.kindKey}" needs ${leastMiB} MiB of the card, of ${budgetMiB}` }
    }
    if (!waiting.has(taskId)) waiting.set(taskId, { overtaken: 0 })
    const ahead = [...waiting.values()].slice(0, [...waiting.keys()].indexOf(taskId))
    if (ahead.some(({ overtaken }) => overtaken >= MOST_OVERTAKING)) return { kind: 'wait' }
    const plan = planMemory(card(), needs, workingMiB)
    if (plan === null) return { kind: 'wait' }
    for (const other of ahead) other.overtaken += 1
    waiting.delete(taskId)
    return admit(taskId, needs, workingMiB, plan)
  }

  function admit(taskId: string, needs: MemoryNeeds, workingMiB: number, plan: MemoryPlan): Reserved {
    const wanted = [...needs.models, ...needs.transient]
    const load = wanted.filter(model => !resident.has(model))
    resident.remove(plan.unload)
    resident.use(wanted)
    const exact = begun.size === 0 && !plan.drops
    sharePeaks()
    const encoding = needs.transient.length > 0
    const job = { needs, workingMiB, encoding, drops: plan.drops, exact, mostOthersMiB: 0 }
    begun.set(taskId, job)
    noteOthers()
    return { kind: 'reserved', unload: plan.unload, load, drop: dropped(job) }
  }

  /** From now on a peak that is seen of these jobs may include another job's memory: it is their upper bound. */
  function sharePeaks(): void {
    for (const job of begun.values()) job.exact = false
  }

  function noteOthers(): void {
    for (const job of begun.values()) job.mostOthersMiB = Math.max(job.mostOthersMiB, othersMiB(card(), job))
  }

  return {
    reserve,
    textEncoded(taskId) {
      const job = begun.get(taskId)
      if (!job?.encoding) return []
      const leaving = dropped(job)
      job.encoding = false
      if (leaving.length > 0) resident.remove(leaving)
      else resident.use(job.needs.transient)
      noteOthers()
      return leaving
    },
    release(taskId) {
      waiting.delete(taskId)
      const job = begun.get(taskId)
      if (!job) return
      begun.delete(taskId)
      if (job.encoding) resident.use(job.needs.transient)
      resident.use(job.needs.models)
    },
    modelsAre(models, reserved = null) {
      reservedMiB = reserved
      const jobs = [...begun.values()]
      const gone = resident.all().filter(model => !models.includes(model) && !isInUse(jobs, model))
      const come = models.filter(model => !resident.has(model))
      if (gone.length + come.length > 0) sharePeaks()
      resident.remove(gone)
      resident.use(come)
      noteOthers()
    },
    reservedIs(mib) {
      reservedMiB = mib
    },
    observe(taskId, reservedPeakMiB) {
      const job = begun.get(taskId)
      if (!job) return
      const { needs, exact, mostOthersMiB } = job
      const mostMiB = budgetMiB - resident.sizeOf(needs.models)
      working.learn(needs, reservedPeakMiB - mostOthersMiB, { exact, mostMiB })
    },
    reset() {
      begun.clear()
      waiting.clear()
      resident.remove(resident.all())
      reservedMiB = null
    },
    prewarm(models) {
      const fitting: string[] = []
      for (const model of models) {
        const missing = resident.has(model) ? 0 : resident.sizeOf([model])
        if (heldMiB(card()) + missing > budgetMiB) break
        resident.use([model])
        fitting.push(model)
      }
      // Those that are asked for first are wanted most.
      resident.use(fitting)
      noteOthers()
      return fitting
    },
    status() {
      const jobs = [...begun.values()]
      const models = resident.all().map(model => {
        const inUse = isInUse(jobs, model)
        const idleSeconds = inUse ? 0 : resident.idleSeconds(model)
        return { model, residentMiB: resident.sizeOf([model]), inUse, idleSeconds }
      })
      return { budgetMiB, reservedMiB, models, workingMiB: workingSum(resident, jobs) }
    },
  }
}

function dropped({ needs, encoding, drops }: JobMemory): string[] {
  return encoding && drops ? [...needs.transient] : []
}
