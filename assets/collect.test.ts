import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startCollector } from './collect.ts'
import type { Collected } from './keptFiles.ts'

const nothing: Collected = { removedFiles: 0, removedBytes: 0, keptBytes: 0 }
const stagingLimits = { ttlMs: 1, maxBytes: 1 }

test('collections follow one another, also after one that failed, which does not keep the other from being made', async () => {
  const seen: string[] = []
  let runs = 0
  const collector = startCollector({
    staging: { collect: async () => nothing },
    stagingLimits,
    collectRenders: async () => {
      runs += 1
      if (runs === 2) throw new Error('disk trouble')
      return { ...nothing, removedFiles: runs }
    },
    intervalMs: 5,
    onCollected: ({ renders, staging }) =>
      seen.push(`renders ${renders?.removedFiles}, staging ${staging?.removedFiles}`),
    onError: error => seen.push(String(error)),
  })
  while (runs < 3) await wait(5)
  await collector.stop()
  expect(seen.slice(0, 4)).toEqual([
    'renders 1, staging 0',
    'Error: disk trouble',
    'renders undefined, staging 0',
    'renders 3, staging 0',
  ])
  const atStop = runs
  await wait(40)
  expect(runs).toBe(atStop)
})

test('stopping waits for the collection that is under way', async () => {
  let ended = false
  const collect = async () => {
    await wait(60)
    ended = true
    return nothing
  }
  const collector = startCollector({
    staging: { collect },
    stagingLimits,
    intervalMs: 1,
    onCollected: () => {},
    onError: () => {},
  })
  await collector.stop()
  expect(ended).toBe(true)
})
