import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PipelineError } from '../../client/index.ts'
import { parseSubmission } from '../../client/submission.ts'
import { extraKeys } from '../../jobs/extraKeys.ts'
import { readPayload } from '../../jobs/payload.ts'
import { planJob } from '../../jobs/planJob.ts'
import { SPELLINGS } from '../../jobs/spellings.ts'
import { UUID } from '../../jobs/uuid.ts'
import { readableLine } from '../../runtime/logLine.ts'
import { HOSTILE_PAYLOADS, HOSTILE_TEXTS, HOSTILE_VALUES, payloadWith } from './corpus/payloads.ts'
import { fuzz } from './fuzz.ts'

/** From what a client is given to the plan that the workflow works by. Throws whatever is not typed. */
function submitAndPlan(payload: unknown) {
  let submission: ReturnType<typeof parseSubmission>
  try {
    submission = parseSubmission(payload)
  } catch (error) {
    if (error instanceof PipelineError)
      return { ends: error.code, plan: null, returned: null, told: error.message }
    throw error
  }
  const result = planJob(submission.payload)
  if (!result.ok) {
    const { returned, ...error } = result.error
    return { ends: error.code, plan: null, returned, told: JSON.stringify(error) }
  }
  expect(submission.jobId).toMatch(UUID)
  expect(result.plan.jobId).toBe(submission.jobId)
  expect(result.plan.userId).toBe(submission.userId)
  return { ends: 'job' as const, plan: result.plan, returned: result.plan, told: '' }
}

/** What may travel on: whole text, no control characters where a database or a path will have it, and nothing of Object's own. */
function expectHarmless(payload: unknown): void {
  const { plan, returned, told } = submitAndPlan(payload)
  expect(told).toMatch(/^\P{Cc}*$/u)
  expect(told.length).toBeLessThan(1500)
  expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  const plain = /^[^\p{Cc}\p{Surrogate}]*$/u
  if (returned !== null) {
    for (const id of Object.values(returned.ids)) expect(id ?? '').toMatch(plain)
    const extra = JSON.stringify(returned.extra)
    expect(extra).not.toMatch(/\\u0000|\\ud[89a-f]|"(__proto__|constructor)":/i)
    expect(new TextEncoder().encode(extra).length).toBeLessThanOrEqual(32 * 1024)
  }
  if (plan === null) return
  const { prompt, negativePrompt, bucket, reference, simulate } = plan
  for (const text of [prompt, negativePrompt, bucket, simulate ?? '']) expect(text).toMatch(plain)
  for (const { source } of reference.sources) expect(source).toMatch(/^(https?:\/\/|[\w.-]+\/5f0c1d2e-)/i)
}

describe('the corpus', () => {
  test.each(HOSTILE_PAYLOADS.map(entry => [entry.name, entry] as const))('%s', (_, { payload, ends }) => {
    expect(submitAndPlan(payloadWith(payload)).ends).toBe(ends)
    expectHarmless(payloadWith(payload))
  })

  test('what is no object at all', () => {
    const circle: Record<string, unknown> = payloadWith({})
    circle.circle = circle
    const angry = {
      get id(): string {
        throw new Error('no')
      },
    }
    for (const value of [
      ...HOSTILE_TEXTS,
      ...HOSTILE_VALUES,
      undefined,
      1n,
      Symbol('x'),
      () => 1,
      circle,
      angry,
    ]) {
      expect(submitAndPlan(value).ends).toBe('invalid_payload')
    }
  })

  test('every hostile text and value in every place that is read', () => {
    const places = new Set([
      ...Object.values(SPELLINGS).flat(),
      'type',
      'prompt',
      'created_at',
      'metadata.unknown',
    ])
    for (const place of places) {
      const [section = '', key] = place.split('.')
      for (const value of [...HOSTILE_TEXTS, ...HOSTILE_VALUES]) {
        expectHarmless(
          payloadWith(key === undefined ? { [section]: value } : { [section]: { [key]: value } }),
        )
      }
    }
  })

  test('reading a payload changes no prototype', () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"config":{"__proto__":{"polluted":1}}}')
    const read = readPayload({ ...payloadWith({}), ...hostile })
    expect(Object.hasOwn(extraKeys(read), '__proto__')).toBe(false)
    expect('polluted' in {}).toBe(false)
  })
})

test('a hostile text is one line of a readable log, and no command to a terminal', () => {
  for (const text of HOSTILE_TEXTS) {
    const entry = {
      level: 'info',
      time: new Date().toISOString(),
      name: 'test',
      msg: text,
      code: text,
      deep: { text },
    }
    const line = stripVTControlCharacters(readableLine(JSON.stringify(entry)))
    expect(line.trimEnd()).toMatch(/^[^\p{Cc}\p{Bidi_Control}]*$/u)
    const failed = readableLine(JSON.stringify({ ...entry, err: { message: text, stack: text } }))
    expect(failed.split('\n').slice(1).join('')).toMatch(/^[^\p{Cc}\p{Bidi_Control}]*$/u)
    expect(
      failed
        .split('\n')
        .slice(1, -1)
        .every(each => each.startsWith('  ')),
    ).toBe(true)
  }
})

describe('fuzzed', () => {
  const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 200 }))
  const glued = fc.tuple(text, text).map(parts => parts.join(''))
  const value = fc.oneof(
    text,
    glued,
    fc.constantFrom(...HOSTILE_VALUES),
    fc.double(),
    fc.jsonValue({ maxDepth: 6 }),
  )
  const place = fc.constantFrom(
    ...new Set(Object.values(SPELLINGS).flat()),
    'type',
    'prompt',
    'config',
    'metadata',
  )
  const changes = fc.array(fc.tuple(place, value), { minLength: 1, maxLength: 6 })

  test('several hostile values at once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...HOSTILE_PAYLOADS.slice(30)), changes, ({ payload }, several) => {
        const changed: Record<string, unknown> = payloadWith(payload)
        for (const [at, given] of several) {
          const [section = '', key] = at.split('.')
          const inner = changed[section]
          const inside = key !== undefined && typeof inner === 'object' && inner !== null
          changed[section] = inside ? { ...inner, [key]: given } : given
        }
        expectHarmless(changed)
      }),
      fuzz(300),
    )
  })

  test('JSON text with some of its characters changed', () => {
    const json = JSON.stringify(
      payloadWith({ metadata: { reference_image_url: 'https://pictures.example/x.png' } }),
    )
    const edit = fc.tuple(
      fc.nat(json.length),
      fc.nat(8),
      fc.oneof(text, fc.constantFrom('{', '}', '"', '[', '\\u0000', '1e400')),
    )
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), edits => {
        const changed = edits.reduce(
          (whole, [at, length, put]) => whole.slice(0, at) + put + whole.slice(at + length),
          json,
        )
        let payload: unknown
        try {
          payload = JSON.parse(changed)
        } catch {
          payload = changed
        }
        expectHarmless(payload)
      }),
      fuzz(500),
    )
  })
})
