import type { Payload } from '@temporalio/common'
import { defaultPayloadConverter } from '@temporalio/common'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { makeEncryptionKey } from './encryptionKeys.ts'
import { createPayloadCodec, UnreadablePayloadError } from './payloadCodec.ts'

const [A, B, OTHER_A] = [makeEncryptionKey('a'), makeEncryptionKey('b'), makeEncryptionKey('a')]
const codec = (...keys: string[]) =>
  createPayloadCodec(parseConfig({ ENCRYPTION_KEYS: keys.join(',') }).encryption)

const payloads = fc.array(
  fc.record({
    metadata: fc.dictionary(
      fc.string({ minLength: 1 }).filter(name => name !== '__proto__'),
      fc.uint8Array({ maxLength: 40 }),
      { maxKeys: 4 },
    ),
    data: fc.uint8Array({ maxLength: 2000 }),
  }),
  { maxLength: 4 },
)

/** Buffers and byte arrays of the same content are the same. */
function plainly({ metadata, data }: Payload) {
  const inHex = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('hex')
  const names = Object.entries(metadata ?? {}).map(([name, value]): [string, string] => [name, inHex(value)])
  return { metadata: new Map(names.sort()), data: inHex(data) }
}

async function one(of: Promise<Payload[]>): Promise<Payload> {
  const [payload, ...more] = await of
  if (payload === undefined || more.length > 0) throw new Error('not one payload')
  return payload
}

test('whatever is written is read again, and written differently every time', async () => {
  const { encode, decode } = codec(A)
  await fc.assert(
    fc.asyncProperty(payloads, async given => {
      const written = await encode(given)
      expect((await decode(written)).map(plainly)).toEqual(given.map(plainly))
      const again = await encode(given)
      for (const [index, { data }] of written.entries()) expect(data).not.toEqual(again[index]?.data)
    }),
  )
})

test('nothing readable is left but the id of the key', async () => {
  const text = 'a lighthouse at dusk, seen from the sea'
  const prompt = {
    ...defaultPayloadConverter.toPayload({ prompt: text }),
    metadata: { encoding: Buffer.from('json/plain'), messageType: Buffer.from(text) },
  }
  const { metadata, data } = await one(codec(A).encode([prompt]))
  expect(Object.entries(metadata ?? {}).map(([name, value]) => [name, String(value)])).toEqual([
    ['encoding', 'binary/encrypted'],
    ['encryption-key-id', 'a'],
  ])
  for (const word of ['lighthouse', 'prompt', 'json/plain', 'messageType']) {
    expect(Buffer.from(data ?? []).includes(word)).toBe(false)
  }
})

test('a single flipped bit, wherever it is, makes a payload unreadable', async () => {
  const { encode, decode } = codec(A, B)
  const { metadata, data } = await one(encode([defaultPayloadConverter.toPayload('a red bicycle')]))
  const bytes = Buffer.from(data ?? [])
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await expect(decode([{ metadata: metadata ?? {}, data: flipped }])).rejects.toThrow(
      UnreadablePayloadError,
    )
  }
  for (let length = 0; length < bytes.length; length++) {
    await expect(decode([{ metadata: metadata ?? {}, data: bytes.subarray(0, length) }])).rejects.toThrow(
      /"a": it was altered/,
    )
  }
})

test('the id of the key cannot be exchanged, not even for one with the same key', async () => {
  const sameKey = A.replace(/^a/, 'c')
  const { data } = await one(codec(A).encode([defaultPayloadConverter.toPayload('a red bicycle')]))
  const metadata = { encoding: Buffer.from('binary/encrypted'), 'encryption-key-id': Buffer.from('c') }
  await expect(codec(sameKey).decode([{ metadata, data: data ?? null }])).rejects.toThrow(/altered/)
})

test('keys are exchanged step by step, and what was written before stays readable', async () => {
  const old = await one(codec(A).encode([defaultPayloadConverter.toPayload('old')]))
  const [readsBoth, writesNew] = [codec(A, B), codec(B, A)]
  const young = await one(writesNew.encode([defaultPayloadConverter.toPayload('new')]))
  expect(String(young.metadata?.['encryption-key-id'])).toBe('b')
  for (const { decode } of [readsBoth, writesNew]) {
    const read = (await decode([old, young])).map(payload => defaultPayloadConverter.fromPayload(payload))
    expect(read).toEqual(['old', 'new'])
  }
  await expect(codec(B).decode([old])).rejects.toThrow(/the key "a".*add it after the first one/)
  await expect(codec(A).decode([young])).rejects.toThrow(/the key "b"/)
  await expect(codec(OTHER_A).decode([old])).rejects.toThrow(/another key under this id/)
})

test('what is in plain is read with keys and without; `plain` writes it so', async () => {
  const plain = defaultPayloadConverter.toPayload('in plain')
  for (const keys of [[], [A], ['plain', A]]) expect(await codec(...keys).decode([plain])).toEqual([plain])
  const encrypted = await one(codec(A).encode([plain]))
  const later = codec('plain', A)
  expect(await later.encode([plain])).toEqual([plain])
  expect(plainly(await one(later.decode([encrypted])))).toEqual(plainly(plain))
  expect(await codec().encode([plain])).toEqual([plain])
  await expect(codec().decode([encrypted])).rejects.toThrow(/the key "a", but ENCRYPTION_KEYS is not set/)
})

test('an id that cannot be one is not repeated', async () => {
  const metadata = {
    encoding: Buffer.from('binary/encrypted'),
    'encryption-key-id': Buffer.from('\u001b[2J a lighthouse'),
  }
  await expect(codec(A).decode([{ metadata, data: Buffer.from('x') }])).rejects.not.toThrow(/lighthouse/)
  await expect(codec(A).decode([{ metadata }])).rejects.toThrow(/a key whose id is not valid/)
})
