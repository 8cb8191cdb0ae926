import { expect, test } from 'vitest'
import { inOrder } from '../faults/kinds/all.ts'
import { runRound } from '../faults/round.ts'
import { FAILED_SEEDS } from '../faults/seeds.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'

const MINUTE_MS = 60_000

for (const { seed, kinds, why } of FAILED_SEEDS) {
  test(`seed ${seed}: ${why}`, { timeout: 10 * MINUTE_MS }, async () => {
    const result = await runRound({
      directory: await temporaryDirectory(),
      ...{ seed, count: kinds.length, choose: inOrder(kinds), timeScale: 0.1 },
      tell: () => {},
      signal: new AbortController().signal,
    })
    expect(result.audit.findings).toEqual([])
    expect(result.faults.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted())
    expect(result.quiet).toBe(true)
  })
}
