import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that run for most of a minute or more, the longest first. By itself Vitest begins with the files of most bytes. */
const LONGEST = [
  'test/workflows/engine.test.ts',
  'engines/python/engine.test.ts',
  'test/workflows/quarantine.test.ts',
  'test/workflows/callbacks.test.ts',
  'test/e2e/examples.test.ts',
  'test/encryption/database.test.ts',
  'test/workflows/uploads.test.ts',
  'engines/python/wanCommand.test.ts',
  'dev/stack.test.ts',
  'test/workflows/card.test.ts',
  'test/workflows/renderHome.test.ts',
  'engines/python/lowMemory.test.ts',
  'test/faults/audit/audit.test.ts',
  'test/workflows/closedByForce.test.ts',
  'engines/python/compiledBlocks.test.ts',
  'dev/demo.test.ts',
]

/** Begins with the longest files, so that none is left to run alone at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex(name => moduleId.endsWith(name))
      return place < 0 ? LONGEST.length : place
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}
