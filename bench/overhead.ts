/**
 * What the pipeline itself costs: from submit to the arrival of the terminal callback, less the engine's drawing and
 * encoding, of one SDXL image at a time, with the preview engine as fast as it can. Real processes, a server that keeps
 * its data in a file. `npm run bench:overhead -- [--jobs 60] [--out bench-results] [--json]`
 */
import { orRefuse, readOptions, whole } from '../dev/commandLine.ts'
import { describeMachine } from './contest/report/machine.ts'
import { legRows, type OverheadFigures } from './overheadFigures.ts'
import { startOverheadStack } from './overheadStack.ts'
import { writeFigures } from './writeFigures.ts'

const WARM_UP = 10

const USAGE = `npm run bench:overhead -- [options]
  --jobs N      that are measured, one after the other (60)
  --out FOLDER  for overhead.json
  --json        the figures instead of the table`

const { values } = readOptions(USAGE, {
  jobs: { type: 'string', default: '60' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
})
const count = orRefuse(USAGE, () => whole('jobs', values.jobs))

const stack = await startOverheadStack()
try {
  await stack.measure(WARM_UP)
  const samples = await stack.measure(count)
  await report({
    machine: await describeMachine(),
    measuredOn: new Date().toISOString(),
    jobs: samples.length,
    rows: legRows(samples),
  })
} finally {
  await stack.stop()
}

async function report(figures: OverheadFigures): Promise<void> {
  await writeFigures(values.out, 'overhead', figures)
  if (values.json) {
    console.log(JSON.stringify({ ...figures, unit: 'ms' }))
    return
  }
  console.log(`${figures.jobs} SDXL images, one at a time; ms`)
  for (const { leg, p50, p95, max } of figures.rows) {
    const text = [p50, p95, max].map(value => value.toFixed(1).padStart(8))
    console.log(`${leg.padEnd(28)} p50 ${text[0]}  p95 ${text[1]}  max ${text[2]}`)
  }
}
