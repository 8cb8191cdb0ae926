/**
 * Measures the real engine on a card, with full-size models of random weights; without a card, with tiny ones on the CPU.
 * `npm run bench:gpu -- --help`
 */
import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { orRefuse } from '../../dev/commandLine.ts'
import { EnvironmentError } from '../../engines/python/environmentError.ts'
import { CardError } from '../../gpu/cardError.ts'
import { HELP, type Measurement, parseOptions } from './options.ts'
import { measurePeaks } from './peakMemory.ts'
import { openPlace } from './place.ts'
import { type Figures, toMarkdown } from './report.ts'
import { measureRates } from './stepRates.ts'
import { measureVideo } from './videoWithImages.ts'
import { measureWarmth } from './warmJobs.ts'
import { workloadFor } from './workload.ts'

const options = orRefuse(HELP, () => parseOptions(process.argv.slice(2)))
if (options === null) {
  console.log(HELP)
  process.exit(0)
}
const tell = (line: string) => console.error(line)
const place = await openPlace(options, tell).catch(error => {
  if (!(error instanceof CardError || error instanceof EnvironmentError)) throw error
  console.error(error.message)
  process.exit(1)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Children end with their stdin, and are killed by execa when this process exits.
  process.once(signal, () => {
    rmSync(place.folder, { recursive: true, force: true })
    process.exit(1)
  })
}
try {
  const workload = workloadFor(place.device, options.repeats)
  type Measure<T> = (...given: Parameters<typeof measureRates>) => Promise<T>
  /** One that fails leaves the others their figures, which took long. */
  const measured = async <T>(name: Measurement, measure: Measure<T>): Promise<T | null> => {
    if (!options.only.includes(name)) return null
    return await measure(place, workload, tell).catch(error => {
      console.error(error)
      process.exitCode = 1
      return null
    })
  }
  const figures: Figures = {
    device: place.device,
    name: place.card?.name ?? `CPU, ${availableParallelism()} cores`,
    measuredOn: new Date().toISOString().slice(0, 10),
    repeats: workload.repeats,
    rates: await measured('steps', measureRates),
    video: await measured('video', measureVideo),
    peaks: await measured('memory', measurePeaks),
    warmth: await measured('warm', measureWarmth),
  }
  if (figures.peaks?.some(peak => peak.peakMiB === null)) process.exitCode = 1
  const markdown = toMarkdown(figures)
  if (options.json !== null) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`)
  if (options.markdown === null) console.log(markdown)
  else await writeFile(options.markdown, markdown)
} finally {
  await place.close()
}
