import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longestFirst.ts'

/** Each starts whole installations of real processes, and kills them. */
const installations = ['test/faults/faults.test.ts', 'test/operations/operations.test.ts']
const ignored = ['node_modules/**', '.data/**', 'dist/**', 'test/slow/**', ...installations]
const shared = {
  // Hundreds of processes are started, each of which would compile the same modules again.
  env: { NODE_COMPILE_CACHE: join(tmpdir(), 'ourvidz-compiled') },
  // Generous: a loaded machine is slow, and a test that hangs is found soon enough.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  teardownTimeout: 30_000,
  expect: { poll: { timeout: 30_000 } },
}
const onTemporal = ['test/**/*.test.ts', 'workflows/**/*.test.ts', 'workers/**/*.test.ts']

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          maxWorkers: 2,
          include: ['**/*.test.ts'],
          exclude: [...ignored, ...onTemporal],
          ...shared,
        },
      },
      {
        // These share one Temporal server and one bundle of the workflows.
        test: {
          name: 'temporal',
          sequence: { groupOrder: 1 },
          include: onTemporal,
          exclude: ignored,
          globalSetup: 'test/globalSetup.ts',
          // They wait more than they compute.
          maxWorkers: 3,
          ...shared,
        },
      },
      {
        // One after the other, when nothing else runs: two at once fill a small machine.
        test: {
          name: 'installations',
          sequence: { groupOrder: 2 },
          include: installations,
          maxWorkers: 1,
          ...shared,
          testTimeout: 300_000,
        },
      },
      {
        // Outages as long as Temporal's own time-outs: minutes, so not part of `npm test`.
        test: {
          name: 'slow',
          sequence: { groupOrder: 3 },
          include: ['test/slow/**/*.test.ts'],
          globalSetup: 'test/globalSetup.ts',
          ...shared,
          testTimeout: 300_000,
        },
      },
    ],
  },
})
