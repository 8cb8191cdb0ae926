/**
 * What encryption and metrics cost: the overhead of a job with and without them, by turns in one run. Two stacks, one with
 * encrypted payloads; in half of the turns both workers' /metrics are fetched every second.
 * `npm run bench:price -- [--jobs 15] [--repeats 9] [--out bench-results] [--json]`
 */
import { randomBytes } from 'node:crypto'
import { orRefuse, readOptions, whole } from '../dev/commandLine.ts'
import type { StackAddresses } from '../dev/stackAddresses.ts'
import { describeMachine } from './contest/report/machine.ts'
import { digits, spreadText } from './contest/report/numbers.ts'
import { median } from './legs.ts'
import { type OverheadStack, startOverheadStack } from './overheadStack.ts'
import { type PriceFigures, priceRows, SETTINGS, type Setting } from './priceFigures.ts'
import { writeFigures } from './writeFigures.ts'

const WARM_UP = 15

const USAGE = `npm run bench:price -- [options]
  --jobs N      of each setting, in each repeat (15)
  --repeats N   (9)
  --out FOLDER  for price.json
  --json        the figures instead of the table`

const { values } = readOptions(USAGE, {
  jobs: { type: 'string', default: '15' },
  repeats: { type: 'string', default: '9' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
})
const { jobsEach, repeatCount } = orRefuse(USAGE, () => ({
  jobsEach: whole('jobs', values.jobs),
  repeatCount: whole('repeats', values.repeats),
}))

const plain = await startOverheadStack()
try {
  const encrypted = await startOverheadStack({
    encryptionKeys: `bench:${randomBytes(32).toString('base64')}`,
  })
  try {
    await report(await measureAll(plain, encrypted))
  } finally {
    await encrypted.stop()
  }
} finally {
  await plain.stop()
}

async function measureAll(unencrypted: OverheadStack, encrypted: OverheadStack): Promise<PriceFigures> {
  await unencrypted.measure(WARM_UP)
  await encrypted.measure(WARM_UP)
  const repeats: Record<Setting, number>[] = []
  for (let repeat = 0; repeat < repeatCount; repeat++) {
    const found: Partial<Record<Setting, number>> = {}
    for (const setting of [...SETTINGS.slice(repeat % 4), ...SETTINGS.slice(0, repeat % 4)]) {
      const stack = setting.startsWith('encrypted') ? encrypted : unencrypted
      const stop = setting.endsWith('scraped') ? scrape(stack.addresses) : () => {}
      const samples = await stack.measure(jobsEach)
      stop()
      found[setting] = median(samples.map(({ overhead }) => overhead))
    }
    const [a = Number.NaN, b = Number.NaN, c = Number.NaN, d = Number.NaN] = SETTINGS.map(
      setting => found[setting],
    )
    repeats.push({ plain: a, encrypted: b, 'metrics scraped': c, 'encrypted, metrics scraped': d })
    console.error(`repeat ${repeat + 1} of ${repeatCount} is measured`)
  }
  return {
    machine: await describeMachine(),
    measuredOn: new Date().toISOString(),
    repeats: repeatCount,
    jobsEach,
    rows: priceRows(repeats),
  }
}

/** Fetches what both workers measure, at once and then every second, until told to stop. */
function scrape({ controlHealthPort, gpuHealthPort }: StackAddresses): () => void {
  const all = () => {
    for (const port of [controlHealthPort, gpuHealthPort]) void fetchMetrics(port)
  }
  all()
  const timer = setInterval(all, 1_000)
  return () => clearInterval(timer)
}

async function fetchMetrics(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  const text = await response.text()
  if (!response.ok || !text.includes('ourvidz')) throw new Error(`no metrics on port ${port}`)
}

async function report(figures: PriceFigures): Promise<void> {
  await writeFigures(values.out, 'price', figures)
  if (values.json) {
    console.log(JSON.stringify(figures))
    return
  }
  console.log(`p50 of the overhead of a job, ${figures.repeats} × ${figures.jobsEach} jobs of each`)
  for (const { setting, overheadMs, ratio } of figures.rows) {
    console.log(`${setting.padEnd(28)} ${digits(overheadMs.median)} ms   × ${spreadText(ratio)}`)
  }
}
