import { expect, it } from 'vitest'
import { planHash } from './planHash.ts'
import { renderJob } from './testing/programHarness.ts'

const one = { role: 'single', sha256: '1'.repeat(64) } as const
const two = { role: 'single', sha256: '2'.repeat(64) } as const
const { references: _, ...job } = renderJob()

it('is the same however long it should take', () => {
  const hash = planHash(job, [one])
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(planHash({ ...job, expectedSeconds: 99 }, [one])).toBe(hash)
})

it('differs with anything that the pictures depend on', () => {
  const hashes = [
    planHash(job, []),
    planHash({ ...job, seed: 8 }, []),
    planHash({ ...job, prompt: 'a lighthouse' }, []),
    planHash({ ...job, simulate: 'crash' }, []),
    planHash(job, [one]),
    planHash(job, [two]),
    planHash(job, [{ ...one, role: 'start' }]),
    planHash(job, [two, one]),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
})
