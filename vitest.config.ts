import { defineConfig } from 'vitest/config'

const ignored = ['node_modules/**', '.data/**']
/** Generous: a loaded machine is slow, and a test that hangs is found soon enough. */
const limits = { testTimeout: 30_000, hookTimeout: 60_000, teardownTimeout: 30_000 }
const onTemporal = ['test/**/*.test.ts', 'workflows/**/*.test.ts', 'workers/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...ignored, ...onTemporal],
          ...limits,
        },
      },
      {
        // These share one Temporal server and one bundle of the workflows.
        test: {
          name: 'temporal',
          include: onTemporal,
          exclude: ignored,
          globalSetup: 'test/globalSetup.ts',
          ...limits,
        },
      },
    ],
  },
})
