import type { Reserved } from '../memoryBudget.ts'
import type { MemoryNeeds } from '../memoryNeeds.ts'
import type { ModelTable } from '../models.ts'

/**
 * What a program that does as it is told has on its card: the truth beside the budget's books, reckoned from its orders only.
 * It takes the transient models off at the end of a job's text where it was told to.
 */
export function createImaginedProgram(table: ModelTable) {
  const loaded = new Set<string>()
  const jobs = new Map<string, { needs: MemoryNeeds; encoding: boolean }>()
  const size = (models: Iterable<string>) =>
    [...models].reduce((sum, model) => sum + (table[model]?.residentMiB ?? 0), 0)
  return {
    loaded,
    jobs,
    begin(taskId: string, needs: MemoryNeeds, { unload, load }: Pick<Reserved, 'unload' | 'load'>) {
      for (const model of unload) loaded.delete(model)
      for (const model of load) loaded.add(model)
      jobs.set(taskId, { needs, encoding: needs.transient.length > 0 })
    },
    textEncoded(taskId: string, leaving: readonly string[]) {
      for (const model of leaving) loaded.delete(model)
      const job = jobs.get(taskId)
      if (job) job.encoding = false
    },
    end: (taskId: string) => jobs.delete(taskId),
    die() {
      loaded.clear()
      jobs.clear()
    },
    /** Models that a job computes with now. */
    used: () =>
      new Set(
        [...jobs.values()].flatMap(({ needs, encoding }) => [
          ...needs.models,
          ...(encoding ? needs.transient : []),
        ]),
      ),
    usedMiB() {
      const working = [...jobs.values()].map(({ needs, encoding }) =>
        encoding ? needs.encodingMiB : needs.workingMiB,
      )
      return size(loaded) + working.reduce((sum, mib) => sum + mib, 0)
    },
  }
}
