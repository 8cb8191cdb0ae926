import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobTypeNames, jobTypeRow } from './jobTypes.ts'
import type { PlanResult } from './plan.ts'
import { planJob } from './planJob.ts'
import { SPELLINGS } from './spellings.ts'
import { earlierPayload, newerSdxlPayload } from './testing/payloads.ts'

const oddText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    ' ',
    '-1',
    '0',
    '1e999',
    '\u0000',
    '../..',
    '__proto__',
    'true',
    '480*832',
    'https://',
    'NaN',
    '--help',
  ),
)
const oddValue = fc.oneof(
  { weight: 3, arbitrary: oddText },
  { weight: 2, arbitrary: fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger(), fc.boolean()) },
  fc.constantFrom(null, undefined),
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withSparseArray: true }),
)
const places = [...new Set(Object.values(SPELLINGS).flat())]
const mutation = fc.record({
  place: fc.oneof(
    fc.constantFrom(...places, 'id', 'user_id', 'type', 'prompt', 'config', 'metadata'),
    fc.string().map(key => `metadata.${key}`),
  ),
  value: oddValue,
})
const base = fc.oneof(
  fc.constantFrom(...jobTypeNames).map(earlierPayload),
  fc.constantFrom('sdxl_image_fast' as const, 'sdxl_image_high' as const).map(newerSdxlPayload),
)

/** A producer's payload with some of its places holding something else. */
const mutated = fc.tuple(base, fc.array(mutation, { maxLength: 4 })).map(([payload, mutations]) => {
  const changed: Record<string, unknown> = { ...payload }
  for (const { place, value } of mutations) {
    const [section = '', ...rest] = place.split('.')
    const inner = changed[section]
    const inside = rest.length > 0 && typeof inner === 'object' && inner !== null
    changed[section] = inside ? { ...inner, [rest.join('.')]: value } : value
  }
  return changed
})

function expectSound(result: PlanResult): void {
  if (!result.ok) {
    const { field, given, allowed, message } = result.error
    for (const text of [field, given, allowed, message]) expect(text.length).toBeGreaterThan(0)
    expect(given.length).toBeLessThan(150)
    expect(field.length).toBeLessThan(60)
    return
  }
  const { plan } = result
  const row = jobTypeRow(plan.type)
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  expect(row.imageCounts).toContain(plan.images)
  expect(plan.prompt.isWellFormed() && plan.negativePrompt.isWellFormed()).toBe(true)
  expect(plan.prompt).toMatch(/^[^\p{Cc}\p{Bidi_Control}]+$/u)
  expect(plan.prompt.length).toBeLessThanOrEqual(10_000)
  expect(plan.seed === null || (Number.isSafeInteger(plan.seed + 5) && plan.seed >= 0)).toBe(true)
  expect(plan.steps >= 1 && plan.steps <= 150 && Number.isInteger(plan.steps)).toBe(true)
  expect(plan.guidance >= 0 && plan.guidance <= 30 && plan.shift > 0).toBe(true)
  expect(plan.width % 8 === 0 && plan.height % 8 === 0 && plan.width * plan.height <= 1536 ** 2).toBe(true)
  expect(plan.frames % 4 === 1 && plan.frames <= 81 && plan.frames <= plan.framesRequested).toBe(true)
  expect(plan.expectedRenderSeconds > 0 && plan.cardSecondsLimit >= row.cardSecondsLimit * plan.images).toBe(
    true,
  )
  expect(JSON.stringify(plan.extra).length).toBeLessThanOrEqual(32 * 1024)
  const { mode, sources, strength } = plan.reference
  expect(sources.map(({ role }) => role)).toEqual(
    { none: [], single: sources.map(() => 'single'), start: ['start'], end: ['end'], both: ['start', 'end'] }[
      mode
    ],
  )
  expect(strength === null ? mode === 'none' : strength >= 0.1 && strength <= 1 && mode !== 'none').toBe(true)
  if (row.medium === 'image') expect(['none', 'single']).toContain(mode)
}

describe('planJob', () => {
  it('gives a value for anything at all', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), value =>
        expectSound(planJob(value)),
      ),
      { numRuns: 500 },
    )
  })

  it('gives a sound plan or a clear error for any mutation of a real payload', () => {
    fc.assert(
      fc.property(mutated, payload => expectSound(planJob(payload))),
      { numRuns: 3000 },
    )
  })

  it('gives the same plan again', () => {
    fc.assert(
      fc.property(mutated, payload => {
        expect(planJob(payload)).toEqual(planJob(payload))
      }),
      { numRuns: 300 },
    )
  })

  it('never fails for a key that nobody reads', () => {
    const key = fc
      .string()
      .filter(name => !places.some(place => place.endsWith(name)) && name !== '__proto__')
    fc.assert(
      fc.property(base, key, oddValue, (payload, name, value) => {
        const { config, metadata } = payload
        expect(planJob({ ...payload, metadata: { ...metadata, [name]: value } }).ok).toBe(true)
        expect(planJob({ ...payload, config: { ...config, [name]: value } }).ok).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
