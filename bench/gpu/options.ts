import { parseArgs } from 'node:util'

export const MEASUREMENTS = ['steps', 'memory', 'warm', 'video'] as const
export type Measurement = (typeof MEASUREMENTS)[number]

export interface BenchOptions {
  /** null: a card if there is one. */
  device: 'cuda' | 'cpu' | null
  /** Kept, and filled where models are missing; null: a folder that is removed at the end. */
  modelsDir: string | null
  languageModels: boolean
  only: readonly Measurement[]
  /** null: as many as the device's workload says. */
  repeats: number | null
  json: string | null
  markdown: string | null
}

export const HELP = `npm run bench:gpu -- [options]
  The real engine on a card, with full-size models of random weights that are made on the spot (42 GB of disk; 15 without the
  language models). Without a card: tiny models on the CPU, which shows that the measurement works, and what gates cost there.
  --device cuda|cpu       a card if there is one
  --models DIR            where models are, or are written and kept; real weights will do too
  --without-language-models
                          a small text encoder instead of umT5-xxl, and no enhancer: they take no part in a step
  --only NAME,…           ${MEASUREMENTS.join(', ')}; all of them
  --repeats N             of each rate and of each warm or cold job
  --json FILE             all figures
  --markdown FILE         the tables, which go to stdout otherwise
  CARD_UUID names the card where there are several.`

/** Null where help was asked for. Throws for what it does not know. */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      device: { type: 'string' },
      models: { type: 'string' },
      'without-language-models': { type: 'boolean', default: false },
      only: { type: 'string', default: MEASUREMENTS.join(',') },
      repeats: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const { device } = values
  if (device !== undefined && device !== 'cuda' && device !== 'cpu') throw new Error('--device: cuda or cpu')
  const repeats = values.repeats === undefined ? null : Number(values.repeats)
  if (repeats !== null && !(Number.isInteger(repeats) && repeats > 0)) throw new Error('--repeats: 1 or more')
  return {
    device: device ?? null,
    modelsDir: values.models ?? null,
    languageModels: !values['without-language-models'],
    only: values.only.split(',').map(asMeasurement),
    repeats,
    json: values.json ?? null,
    markdown: values.markdown ?? null,
  }
}

function asMeasurement(name: string): Measurement {
  const found = MEASUREMENTS.find(each => each === name)
  if (found === undefined) throw new Error(`--only: ${name} is none of ${MEASUREMENTS.join(', ')}`)
  return found
}
