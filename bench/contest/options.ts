import { parseArgs } from 'node:util'
import { CONTENDERS, type ContenderName, SCENARIOS, type ScenarioName } from './scenarios/scenario.ts'

export interface ContestOptions {
  scenarios: ScenarioName[]
  /** Who takes part, where the scenario has them. */
  contenders: ContenderName[]
  repeats: number
  scale: number
  out: string
  resume: boolean
  json: boolean
}

export const USAGE = `npm run bench -- [options]
  --scenario A,B    which of ${SCENARIOS.join(', ')} (all)
  --contender A,B   which of ${CONTENDERS.join(', ')} (all that a scenario has)
  --repeats N       with other arrivals each time (3)
  --scale F         factor of all real costs and latencies (0.1)
  --out FOLDER      for runs, results.json, table.md and plots (bench-results)
  --resume          keep the runs that are there of these scenarios, and measure the others
  --json            print results.json at the end, not the table`

/** Throws an error with a message for the user. null: only help is wanted. */
export function readOptions(args: readonly string[]): ContestOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', default: SCENARIOS.join(',') },
      contender: { type: 'string', default: CONTENDERS.join(',') },
      repeats: { type: 'string', default: '3' },
      scale: { type: 'string', default: '0.1' },
      out: { type: 'string', default: 'bench-results' },
      resume: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const { out, resume, json } = values
  const repeats = Number(values.repeats)
  const scale = Number(values.scale)
  if (!Number.isInteger(repeats) || repeats < 1) throw new Error('--repeats is a whole number above 0')
  if (!(scale > 0)) throw new Error('--scale is a number above 0')
  return {
    scenarios: chosen('--scenario', values.scenario, SCENARIOS),
    contenders: chosen('--contender', values.contender, CONTENDERS),
    ...{ repeats, scale, out, resume, json },
  }
}

function chosen<T extends string>(option: string, given: string, known: readonly T[]): T[] {
  const names = given.split(',').map(name => name.trim())
  const unknown = names.find(name => !known.some(each => each === name))
  if (unknown !== undefined) throw new Error(`${option}: ${unknown} is none of ${known.join(', ')}`)
  return known.filter(name => names.includes(name))
}
