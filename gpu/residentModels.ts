import type { ModelTable } from './models.ts'

export interface ResidentModels {
  has(model: string): boolean
  /** In the order of their last use, the least recent first. */
  all(): string[]
  /** Loaded or used just now. The first of several counts as the last used: what builds on it goes before it. */
  use(models: readonly string[]): void
  remove(models: readonly string[]): void
  /** Sum of MiB; a model that the table does not know counts nothing. */
  sizeOf(models: Iterable<string>): number
  /** Those that nobody uses, in the order in which they go: the least recently used first. */
  idle(isUsed: (model: string) => boolean): string[]
  idleSeconds(model: string): number
}

/** The models on the card, and when each was last used. `now` in ms. */
export function createResidentModels(table: ModelTable, now: () => number): ResidentModels {
  /** A Map keeps the order of insertion. */
  const lastUsedMs = new Map<string, number>()
  return {
    has: model => lastUsedMs.has(model),
    all: () => [...lastUsedMs.keys()],
    use(models) {
      for (const model of models.toReversed()) {
        lastUsedMs.delete(model)
        lastUsedMs.set(model, now())
      }
    },
    remove(models) {
      for (const model of models) lastUsedMs.delete(model)
    },
    sizeOf(models) {
      let sum = 0
      for (const model of models) sum += table[model]?.residentMiB ?? 0
      return sum
    },
    idle: isUsed => [...lastUsedMs.keys()].filter(model => !isUsed(model)),
    idleSeconds: model => Math.max(0, (now() - (lastUsedMs.get(model) ?? now())) / 1000),
  }
}
