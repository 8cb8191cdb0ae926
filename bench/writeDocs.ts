/**
 * Puts what was measured into docs/benchmarks.md, between its marks, and the plots beside it.
 * `node bench/writeDocs.ts --from bench-results`
 */
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ZodType } from 'zod'
import { readOptions } from '../dev/commandLine.ts'
import { readCheckpoints } from './contest/report/checkpoints.ts'
import { figuresText } from './contest/report/figuresText.ts'
import { resultsOf } from './contest/report/results.ts'
import { overheadSchema } from './overheadFigures.ts'
import { priceSchema } from './priceFigures.ts'
import { scaleSchema } from './scale/scaleFigures.ts'

const USAGE = 'node bench/writeDocs.ts [--from bench-results]'
const { values } = readOptions(USAGE, { from: { type: 'string', default: 'bench-results' } })
const { from } = values
const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url))
const PICTURES = fileURLToPath(new URL('../docs/benchmarks', import.meta.url))
const [BEGIN, END] = ['<!-- figures: written by bench/writeDocs.ts -->', '<!-- end of the figures -->']

const runs = await readCheckpoints(from)
const scales = new Set(runs.map(({ record }) => record.scale))
if (scales.size > 1) throw new Error(`${from} holds runs of several scales: ${[...scales].join(', ')}`)
const plots = (await readdir(join(from, 'plots')).catch(() => [])).filter(name => name.endsWith('.svg'))
const text = figuresText(
  {
    contest: runs.length === 0 ? null : resultsOf(runs),
    overhead: await read('overhead.json', overheadSchema),
    scale: await read('scale.json', scaleSchema),
    price: await read('price.json', priceSchema),
  },
  plots,
)

const page = await readFile(PAGE, 'utf8')
const [before, rest] = page.split(BEGIN)
const after = rest?.split(END)[1]
if (before === undefined || after === undefined) throw new Error(`${PAGE} lacks the marks of the figures`)
await mkdir(PICTURES, { recursive: true })
for (const name of plots) await copyFile(join(from, 'plots', name), join(PICTURES, name))
await writeFile(PAGE, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`)
console.log(`${PAGE}: ${runs.length} runs, ${plots.length} plots`)

/** null where it was not measured. */
async function read<T>(name: string, schema: ZodType<T>): Promise<T | null> {
  const json = await readFile(join(from, name), 'utf8').catch(() => null)
  return json === null ? null : schema.parse(JSON.parse(json))
}
