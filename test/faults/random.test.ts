import { expect, test } from 'vitest'
import { randomOf } from './random.ts'

test('a seed and a name repeat their choices, and another name makes others', () => {
  const draw = (...names: (string | number)[]) => {
    const random = randomOf(7, ...names)
    return [random.int(1, 1e9), random.uuid(), random.pick(['a', 'b', 'c']), random.chance(0.5)]
  }
  expect(draw('fault', 1)).toEqual(draw('fault', 1))
  expect(draw('fault', 1)).not.toEqual(draw('fault', 2))
})

test('weights are kept', () => {
  const random = randomOf(1, 'weights')
  const drawn = Array.from({ length: 4000 }, () => random.weighted([{ weight: 3 }, { weight: 1 }]).weight)
  expect(drawn.filter(weight => weight === 3).length / drawn.length).toBeCloseTo(0.75, 1)
})
