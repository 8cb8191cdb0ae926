import { describe, expect, it } from 'vitest'
import { extraKeys } from './extraKeys.ts'
import { METADATA_KEYS } from './metadataKeys.ts'
import { readPayload } from './payload.ts'
import { barePayload, planOf } from './testing/payloads.ts'

const extraOf = (config: Record<string, unknown>, metadata: Record<string, unknown> = {}, top = {}) =>
  planOf(barePayload('image_fast', config, metadata, top)).extra

describe('unknown keys', () => {
  it('come from all levels, metadata last, without what a parameter reads', () => {
    const extra = extraOf(
      { a: 1, b: 1, sample_steps: 9, guidance_scale: 5 },
      { b: 2, credits: { used: [1, null] } },
      { a: 0, c: 0, seed: 3 },
    )
    expect(extra).toEqual({ a: 1, b: 2, c: 0, credits: { used: [1, null] } })
  })

  it('become what a database takes', () => {
    const extra = extraOf({ 'k\u0000': 'x\u0000y\ud800', n: Number.NaN, f: () => 1, u: undefined, big: 10n })
    expect(extra).toEqual({ k: 'xy\ufffd', n: null, f: null, u: null, big: null })
  })

  it.each([...METADATA_KEYS, 'metadata_truncated'])('“%s” is ours to say', key => {
    for (const place of [
      { [key]: 'theirs' },
      { config: { [key]: 'theirs' } },
      { metadata: { [key]: 'theirs' } },
    ]) {
      const payload = readPayload(barePayload('image_fast', {}, {}, { ...place, kept: 1 }))
      expect(extraKeys(payload)).toEqual({ kept: 1 })
    }
  })

  it('cannot reach a prototype', () => {
    const payload: unknown = JSON.parse(
      `{"__proto__":{"polluted":1},"constructor":1,"nested":{"__proto__":{"polluted":1},"kept":1}}`,
    )
    const extra = extraOf({}, payload as Record<string, unknown>)
    expect(extra).toEqual({ nested: { kept: 1 } })
    expect(Object.keys(extra)).toEqual(['nested'])
    expect('polluted' in extra).toBe(false)
  })

  it('are dropped as a whole when they are too large, too deep or circular', () => {
    const truncated = { metadata_truncated: true }
    expect(extraOf({ note: 'x'.repeat(32_000) })).toHaveProperty('note')
    expect(extraOf({ note: 'é'.repeat(17_000) })).toEqual(truncated)
    expect(extraOf({ deep: JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`) })).toEqual(truncated)
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(extraOf({ circle })).toEqual(truncated)
  })
})

describe('simulate', () => {
  it('is a short text of the metadata', () => {
    expect(planOf(barePayload('image_fast', {}, { simulate: 'oom' })).simulate).toBe('oom')
    expect(planOf(barePayload('image_fast', {}, { simulate: 'x'.repeat(65) })).simulate).toBeNull()
    expect(planOf(barePayload('image_fast', { simulate: 'oom' }, { simulate: 1 })).simulate).toBeNull()
  })
})
