import { describe, expect, it } from 'vitest'
import { parseSubmission } from './submission.ts'

const ids = { id: '5C1D2F6E-8F0B-4C55-9D0E-0D8A5B2F7A11', user_id: '0b0f3c52-4a0c-4b8a-a3f1-6f1d1f2d7c90' }

describe('parseSubmission', () => {
  it('spells ids one way and hashes what the payload says, not how', () => {
    const one = parseSubmission({
      ...ids,
      prompt: 'a lighthouse',
      config: { a: 1, b: [2, 3] },
      gone: undefined,
    })
    const other = parseSubmission({ config: { b: [2, 3], a: 1 }, prompt: 'a lighthouse', ...ids })
    expect(one).toMatchObject({ jobId: ids.id.toLowerCase(), userId: ids.user_id })
    expect(one.payloadSha256).toBe(other.payloadSha256)
    expect(parseSubmission({ ...ids, prompt: 'a bicycle' }).payloadSha256).not.toBe(one.payloadSha256)
  })

  it.each([
    ['no id', { user_id: ids.user_id }, 'id must be a UUID; it is missing.'],
    ['a path as id', { ...ids, id: '../../etc/passwd' }, 'id must be a UUID; it is "../../etc/passwd".'],
    ['a UUID and more', { ...ids, id: `${ids.id}\n` }, 'id must be a UUID'],
    ['null as user', { ...ids, user_id: null }, 'user_id must be a UUID; it is null.'],
    ['a list', [ids], 'must be a JSON object'],
    ['nothing', undefined, 'must be a JSON object'],
    ['what is no JSON', { ...ids, seed: 1n }, 'cannot be written as JSON'],
  ])('refuses %s', (_, payload, message) => {
    expect(() => parseSubmission(payload)).toThrow(message)
  })

  it('refuses what Temporal would not take, by bytes', () => {
    expect(() => parseSubmission({ ...ids, prompt: 'é'.repeat(800_000) })).toThrow('1500000 at most')
    expect(parseSubmission({ ...ids, prompt: 'e'.repeat(800_000) }).jobId).toBeDefined()
  })
})
