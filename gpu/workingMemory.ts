import type { MemoryNeeds } from './memoryNeeds.ts'

/** Another job of the same kind may need a little more. */
const MARGIN = 1.05

export interface WorkingMemory {
  /** MiB that a job of this kind works in, from what was observed, or else from the table. */
  of(needs: MemoryNeeds): number
  /**
   * A job of this kind was seen to work in `seenMiB`. `exact`: nobody else can have had a part in it. `mostMiB` bounds what is
   * learned: a job that has run on this card fits it.
   */
  learn(needs: MemoryNeeds, seenMiB: number, bounds: { exact: boolean; mostMiB: number }): void
}

/**
 * What jobs work in, by kind. The greatest exact observation and 5 % take the table's place; one that may be partly
 * somebody else's only ever raises the figure.
 */
export function createWorkingMemory(): WorkingMemory {
  const learnedMiB = new Map<string, number>()
  const of = ({ kindKey, workingMiB }: MemoryNeeds) => learnedMiB.get(kindKey) ?? workingMiB
  return {
    of,
    learn(needs, seenMiB, { exact, mostMiB }) {
      if (seenMiB <= 0) return
      const figure = Math.min(Math.ceil(seenMiB * MARGIN), mostMiB)
      const floor = exact ? (learnedMiB.get(needs.kindKey) ?? 0) : of(needs)
      if (figure > floor) learnedMiB.set(needs.kindKey, figure)
    },
  }
}
