import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contestPlots } from '../plots/contestPlots.ts'
import type { Checkpoint } from './checkpoints.ts'
import { machineText } from './machine.ts'
import { type Results, resultsOf } from './results.ts'
import { goalTable, latencyTable, makespanTable } from './tables.ts'

/** `results.json`, `table.md` and the plots, of all runs that are there. */
export async function writeReport(out: string, runs: readonly Checkpoint[]): Promise<Results> {
  const results = resultsOf(runs)
  await mkdir(join(out, 'plots'), { recursive: true })
  await writeFile(join(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
  await writeFile(join(out, 'table.md'), contestText(results))
  for (const [name, svg] of contestPlots(runs, results)) await writeFile(join(out, 'plots', name), svg)
  return results
}

function contestText(results: Results): string {
  const { machine, measuredOn, scale } = results
  return [
    `Measured on ${measuredOn}, all costs at ${scale} of their real time; ${machineText(machine)}.`,
    ...['## Goals', goalTable(results.goals)],
    ...['## Makespans', makespanTable(results)],
    ...['## Latencies', latencyTable(results), ''],
  ].join('\n\n')
}
