import { createProgramHarness, renderJob } from './programHarness.ts'

/** A worker that ends without stopping its program, which ignores SIGTERM and the end of its stdin. Argument: its mark. */
const program = createProgramHarness(process.argv[2]).program('deaf')
await program.start()
program
  .run({ id: 'job', lane: 'sdxl', job: renderJob('hold'), outDir: null, cardSecondsLimit: 60 })
  .catch(() => {})
setTimeout(() => process.exit(0), 100)
