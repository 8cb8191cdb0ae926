/**
 * What waiting jobs cost: the same measured with 100 and with 10,000 of them, each on a fresh pipeline of real processes.
 * Linux only; some eleven minutes. `npm run bench:scale -- [--few 100] [--many 10000] [--out bench-results] [--json]`
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { orRefuse, readOptions, whole } from '../dev/commandLine.ts'
import { describeMachine } from './contest/report/machine.ts'
import { digits } from './contest/report/numbers.ts'
import { measureAtDepth } from './scale/atDepth.ts'
import { scaleSvg } from './scale/plot.ts'
import { type ScaleFigures, scaleRows } from './scale/scaleFigures.ts'
import { writeFigures } from './writeFigures.ts'

const USAGE = `npm run bench:scale -- [options]
  --few N       waiting jobs in the one run (100, which is the least)
  --many N      and in the other (10000)
  --out FOLDER  for scale.json and its plot
  --json        the figures instead of the table`

const { values } = readOptions(USAGE, {
  few: { type: 'string', default: '100' },
  many: { type: 'string', default: '10000' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
})
const { few, many } = orRefuse(USAGE, () => {
  const [few, many] = [whole('few', values.few), whole('many', values.many)]
  if (few < 100 || many < few) throw new Error('--few is at least 100, --many no less')
  if (process.platform !== 'linux')
    throw new Error('memory and CPU of processes are read from /proc: Linux only')
  return { few, many }
})

const tell = (line: string) => console.error(line)
const figures: ScaleFigures = {
  machine: await describeMachine(),
  measuredOn: new Date().toISOString(),
  few: await measureAtDepth(few, tell),
  many: await measureAtDepth(many, tell),
}
await writeFigures(values.out, 'scale', figures)
if (values.out !== undefined) {
  await mkdir(join(values.out, 'plots'), { recursive: true })
  await writeFile(join(values.out, 'plots', 'scale.svg'), scaleSvg(figures))
}
if (values.json) {
  console.log(JSON.stringify(figures))
} else {
  for (const row of scaleRows(figures)) {
    const text = [row.few, row.many].map(value => `${digits(value)} ${row.unit}`.padStart(12)).join(' ')
    console.log(`${row.name.padEnd(34)} ${text}   × ${digits(row.ratio)}  ${row.verdict}`)
  }
}
