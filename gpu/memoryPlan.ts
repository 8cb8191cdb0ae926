import type { MemoryNeeds } from './memoryNeeds.ts'
import type { ResidentModels } from './residentModels.ts'

/** A job that has its memory. */
export interface JobMemory {
  needs: MemoryNeeds
  /** The figure that it was admitted with; what is learned meanwhile is for others. */
  workingMiB: number
  /** Its text is not encoded yet: its transient models are in use. */
  encoding: boolean
  /** Its transient models leave the card when the text is encoded, so its two phases share one room. */
  drops: boolean
  /** It has been alone with the same models all the time. */
  exact: boolean
  /** The most that others held while it ran: weights, and working memory of other jobs. */
  mostOthersMiB: number
}

export interface CardMemory {
  budgetMiB: number
  resident: ResidentModels
  jobs: readonly JobMemory[]
}

export interface MemoryPlan {
  unload: string[]
  drops: boolean
}

/** Least that a job needs on an empty card: its models, and the larger of its two phases. */
export function aloneMiB(resident: ResidentModels, needs: MemoryNeeds, workingMiB: number): number {
  return resident.sizeOf(needs.models) + ownMiB(resident, needs, workingMiB, true)
}

/** Weights on the card and the working memory of all jobs; models that leave with a job's text are counted with that job. */
export function heldMiB({ resident, jobs }: CardMemory): number {
  const leaving = new Set(jobs.flatMap(leavingModels))
  return resident.sizeOf(resident.all().filter(model => !leaving.has(model))) + workingSum(resident, jobs)
}

/** Working memory set aside for jobs, with what leaves with their text. */
export function workingSum(resident: ResidentModels, jobs: readonly JobMemory[]): number {
  return jobs.reduce((sum, job) => {
    return sum + ownMiB(resident, job.needs, job.workingMiB, job.encoding && job.drops)
  }, 0)
}

/** What is on the card beside a job's own working memory: weights, its transient models included, and the work of others. */
export function othersMiB(card: CardMemory, job: JobMemory): number {
  const own = workingSum(card.resident, [job])
  return heldMiB(card) - own + card.resident.sizeOf(leavingModels(job))
}

/** Whether a job that has begun uses a model now. */
export function isInUse(jobs: readonly JobMemory[], model: string): boolean {
  return jobs.some(({ needs, encoding }) => {
    return needs.models.includes(model) || (encoding && needs.transient.includes(model))
  })
}

/**
 * How a job gets its memory: which idle models go, and whether its transient models must leave the card between its phases;
 * null while others are in the way. Transient models stay where evicting idle models makes room enough: the next job needs
 * them again.
 */
export function planMemory(card: CardMemory, needs: MemoryNeeds, workingMiB: number): MemoryPlan | null {
  const { resident, jobs } = card
  const wanted = [...needs.models, ...needs.transient]
  const leaving = jobs.flatMap(leavingModels)
  // A model that another job is about to take off the card cannot be counted on: a moment later it is loaded afresh.
  if (wanted.some(model => leaving.includes(model))) return null

  const stay = evictions(card, wanted, [], ownMiB(resident, needs, workingMiB, false))
  if (stay !== null) return { unload: stay, drops: false }
  const shared = needs.transient.some(model => isInUse(jobs, model))
  if (needs.transient.length === 0 || shared) return null
  const leave = evictions(card, needs.models, needs.transient, ownMiB(resident, needs, workingMiB, true))
  return leave && { unload: leave, drops: true }
}

/** The idle models to evict so that `wanted` and `needMiB` fit beside what is in use; null if that is not enough. */
function evictions(card: CardMemory, wanted: readonly string[], leave: readonly string[], needMiB: number) {
  const { budgetMiB, resident, jobs } = card
  const stays = (model: string) => wanted.includes(model) || leave.includes(model) || isInUse(jobs, model)
  const idle = resident.idle(stays)
  const missing = wanted.filter(model => !resident.has(model))
  const loadedAndLeaving = leave.filter(model => resident.has(model))
  let total = heldMiB(card) - resident.sizeOf(loadedAndLeaving) + resident.sizeOf(missing) + needMiB
  const unload: string[] = []
  for (const model of idle) {
    if (total <= budgetMiB) break
    unload.push(model)
    total -= resident.sizeOf([model])
  }
  return total <= budgetMiB ? unload : null
}

/** What a job takes beside the weights that stay. */
function ownMiB(resident: ResidentModels, needs: MemoryNeeds, workingMiB: number, leaves: boolean): number {
  if (needs.transient.length === 0) return workingMiB
  const encodingMiB = needs.encodingMiB + (leaves ? resident.sizeOf(needs.transient) : 0)
  return Math.max(workingMiB, encodingMiB)
}

function leavingModels({ needs, encoding, drops }: JobMemory): readonly string[] {
  return encoding && drops ? needs.transient : []
}
