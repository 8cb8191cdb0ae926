import { checkWeights } from '../../engines/python/checkWeights.ts'
import { foundHf } from '../foundHf.ts'
import { gigabytes } from '../gigabytes.ts'
import { type Found, fail, ok, skipped, warn } from './finding.ts'
import type { Machine } from './machine.ts'

/** Whether the weights are there, and what is lost without those that are not. */
export async function checkModels({ config }: Machine): Promise<Found[]> {
  const { kind } = config.engine
  if (kind !== 'diffusers') return [skipped(`ENGINE=${kind} has none of ours`)]
  const { sets, modelsDir } = await checkWeights(config.engine, await foundHf(config))
  const complete = sets.filter(({ state }) => state === 'complete')
  const bytes = complete.reduce((sum, set) => sum + set.bytes, 0)
  const lacking = sets.filter(({ state, spare }) => state === 'incomplete' || (state === 'missing' && !spare))
  const findings = lacking.map(set => {
    const text = `${set.title} is ${set.state}. ${set.without} To get it: ${set.command}`
    return set.hinders ? fail(text) : warn(text)
  })
  if (complete.length === 0 && findings.length > 0) return findings
  return [
    ok(`${complete.map(({ name }) => name).join(', ')} in ${modelsDir}, ${gigabytes(bytes)}`),
    ...findings,
  ]
}
