import { expect, it } from 'vitest'
import { planHash } from './planHash.ts'
import { renderJob } from './testing/programHarness.ts'

const [one, two] = ['1'.repeat(64), '2'.repeat(64)]
const withReference = (path: string) => renderJob(null, { references: [{ role: 'single', path }] })

it('is the same wherever the references lie and however long it should take', () => {
  const hash = planHash(withReference('/here/a.png'), [one])
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(planHash(withReference('/there/b.png'), [one])).toBe(hash)
  expect(planHash({ ...withReference('/here/a.png'), expectedSeconds: 99 }, [one])).toBe(hash)
})

it('differs with anything that the pictures depend on', () => {
  const hashes = [
    planHash(renderJob(), []),
    planHash(renderJob(null, { seed: 8 }), []),
    planHash(renderJob(null, { prompt: 'a lighthouse' }), []),
    planHash(renderJob('crash'), []),
    planHash(withReference('/a.png'), [one]),
    planHash(withReference('/a.png'), [two]),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
})

it('wants a hash for each reference', () => {
  expect(() => planHash(withReference('/a.png'), [])).toThrow()
})
