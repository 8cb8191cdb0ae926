import { expect, test } from 'vitest'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { inOrder } from './kinds/all.ts'
import { runRound } from './round.ts'

const MINUTE_MS = 60_000

/** SIGKILL of each process, and of the worker of a card at each of the worst moments; and what else hurts most. */
const WORST = [
  'gpu-killed-while-rendering',
  'control-killed-after-last-upload',
  'gpu-killed-while-receipt-is-written',
  'temporal-killed-before-completion-is-reported',
  'gpu-killed-between-uploads',
  'store-answer-lost',
  'gpu-killed-before-completion-is-reported',
  'engine-killed-while-rendering',
  'disk-full',
  'gpu-killed-after-last-upload',
  'cut-off-from-temporal',
  'receiver-answer-lost',
  'temporal-away',
]
/** Of those with a moment: one that is seen from outside can be over when the kill comes. */
const MAY_MISS = 2

test('nothing is lost and nothing rendered twice under a dozen of the worst faults', {
  timeout: 5 * MINUTE_MS,
}, async () => {
  const result = await runRound({
    directory: await temporaryDirectory(),
    seed: 5,
    count: WORST.length,
    choose: inOrder(WORST),
    timeScale: 0.1,
    tell: () => {},
    signal: new AbortController().signal,
  })
  expect(result.audit.findings).toEqual([])
  expect(result.notActedOut).toEqual([])
  expect(result.faults.map(({ kind }) => kind).toSorted()).toEqual(WORST.toSorted())
  expect(result.faults.filter(({ hit }) => hit === false).length).toBeLessThanOrEqual(MAY_MISS)
  expect(result.quiet).toBe(true)
})
