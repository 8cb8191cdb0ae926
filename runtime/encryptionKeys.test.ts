import { expect, test } from 'vitest'
import { ConfigError, parseConfig } from './config.ts'
import { makeEncryptionKey } from './encryptionKeys.ts'

const KEY = Buffer.alloc(32, 'first key').toString('base64')
const OTHER = Buffer.alloc(32, 'other key').toString('base64')
const parse = (keys?: string) => parseConfig({ ENCRYPTION_KEYS: keys }).encryption

test('the first key writes, all read', () => {
  expect(parse(`b:${OTHER}, a-1_Z:${KEY}`)).toEqual({
    keys: [
      { id: 'b', secret: OTHER },
      { id: 'a-1_Z', secret: KEY },
    ],
    writesWith: 'b',
  })
})

test('without the variable nothing is encrypted; with `plain` in front only read', () => {
  expect(parse()).toEqual({ keys: [], writesWith: null })
  expect(parse(`plain,a:${KEY}`)).toEqual({ keys: [{ id: 'a', secret: KEY }], writesWith: null })
})

test('a key that was made is taken; base64url is too', () => {
  const made = makeEncryptionKey('2026a')
  expect(parse(made).writesWith).toBe('2026a')
  expect(makeEncryptionKey('2026a')).not.toBe(made)
  const bytes = Buffer.alloc(32, 0xfb)
  expect(parse(`u:${bytes.toString('base64url')}`).keys).toHaveLength(1)
  expect(() => parse(`s:${bytes.toString('base64')},u:${bytes.toString('base64url')}`)).toThrow(/same key/)
})

const LONG_ID = 'x'.repeat(33)

test.each([
  [KEY, /ENCRYPTION_KEYS: entry 1 is not id:key/],
  [`:${KEY}`, /entry 1 is not id:key/],
  [`${LONG_ID}:${KEY}`, /entry 1 is not id:key/],
  [`a b:${KEY}`, /entry 1 is not id:key/],
  [`a:${KEY},`, /entry 2 is not id:key/],
  [`a:${KEY},plain,b:${OTHER}`, /entry 2 is not id:key/],
  [`plain:${KEY}`, /entry 1 is not id:key/],
  [`a:${KEY},b:${OTHER.slice(0, -4)}`, /entry 2 has a key of 30 bytes, not 32: ourvidz encryption key/],
  [`a:${KEY}${OTHER}`, /entry 1 has a key (of \d+ bytes, not 32|that is not base64)/],
  ['a:', /entry 1 has a key of 0 bytes/],
  [`a:${KEY.replace(/.$/, '!')}`, /entry 1 has a key that is not base64/],
  [`a:${KEY},a:${OTHER}`, /entry 2 has an id that an earlier one has/],
  [`a:${KEY},b:${KEY}`, /entry 2 has the same key as an earlier one/],
])('%# a wrong value is told by its place, and never repeated', (keys, message) => {
  expect(() => parse(keys)).toThrow(ConfigError)
  expect(() => parse(keys)).toThrow(message)
  for (const secret of [KEY.slice(0, 12), OTHER.slice(0, 12)]) {
    expect(() => parse(keys)).not.toThrow(secret)
  }
})
