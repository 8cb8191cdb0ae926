import { expect, test } from 'vitest'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { DANGEROUS_KINDS } from './kinds/all.ts'
import { runRound } from './round.ts'

const MINUTE_MS = 60_000

test('nothing is lost and nothing rendered twice under a dozen of the worst faults', {
  timeout: 5 * MINUTE_MS,
}, async () => {
  const directory = await temporaryDirectory()
  const result = await runRound({
    directory,
    seed: 5,
    count: 12,
    kinds: DANGEROUS_KINDS,
    timeScale: 0.1,
    tell: () => {},
    signal: new AbortController().signal,
  })
  expect(result.audit.findings).toEqual([])
  expect(result.notActedOut).toEqual([])
  expect(result.faults).toHaveLength(12)
  expect(result.faults.map(({ kind }) => kind)).toContain('cut-off-from-temporal')
  expect(result.quiet).toBe(true)
})
