import { expect, test } from 'vitest'
import { checkApiKey } from './checkApiKey.ts'

const DAY_S = 86_400

function keyFor(days: number): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url')
  return `${part({ alg: 'ES256' })}.${part({ exp: Math.floor(Date.now() / 1000) + days * DAY_S })}.signature`
}

const told = (key: string | null) => checkApiKey(key).map(({ status, text }) => `${status} ${text}`)

test.each([
  [200, /^ok TEMPORAL_API_KEY is good until \d{4}-\d\d-\d\d$/],
  [13, /^warn TEMPORAL_API_KEY expires on .*: renew it and restart the workers$/],
  [-1, /^fail TEMPORAL_API_KEY has expired on /],
])('a key that is good for %i days', (days, expected) => {
  expect(told(keyFor(days))).toEqual([expect.stringMatching(expected)])
})

test.each([null, 'a-key-of-ones-own', 'a.b.c', `a.${Buffer.from('{}').toString('base64url')}.c`])(
  'nothing is told of %s',
  key => {
    expect(told(key)).toEqual([])
  },
)
