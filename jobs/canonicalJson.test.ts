import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalJson } from './canonicalJson.ts'

it.each([
  [{ b: 1, a: [{ d: null, c: 'x' }] }, '{"a":[{"c":"x","d":null}],"b":1}'],
  [{ a: undefined, f: () => 1, b: Number.NaN }, '{"b":null}'],
  [[undefined, -0, 10n], '[null,0,10]'],
  [undefined, 'null'],
  ['\ud800', '"\\ud800"'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  // biome-ignore lint/suspicious/noSparseArray: what it is tested with
  [[1, , 2], '[1,null,2]'],
])('case %#', (value, text) => {
  expect(canonicalJson(value)).toBe(text)
})

it('is the same whatever the order of the keys, and is JSON of the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
      const turned = Object.fromEntries(Object.entries(value).reverse())
      expect(canonicalJson(turned)).toBe(canonicalJson(value))
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

it('never throws', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), value => {
      expect(typeof canonicalJson(value)).toBe('string')
    }),
  )
  const circle: Record<string, unknown> = { a: 1 }
  circle.self = circle
  expect(canonicalJson(circle)).toBe('{"a":1,"self":null}')
  const deep: unknown = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
  expect(canonicalJson(deep)).toContain('null')
  const hostile = Object.defineProperty({}, 'a', {
    enumerable: true,
    get: () => {
      throw new Error('no')
    },
  })
  expect(canonicalJson({ hostile })).toBe('{"hostile":null}')
})
