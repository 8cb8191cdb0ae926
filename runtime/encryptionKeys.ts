import { randomBytes } from 'node:crypto'
import { z } from 'zod'

export interface EncryptionKey {
  /** Stands in plain beside everything that the key encrypts. */
  id: string
  /** 32 bytes in base64, as it was given. */
  secret: string
}

export interface Encryption {
  /** Each may read what it has encrypted. */
  keys: readonly EncryptionKey[]
  /** Id of the key that encrypts what is written; null: it is written in plain. */
  writesWith: string | null
}

export const NO_ENCRYPTION: Encryption = { keys: [], writesWith: null }

const KEY_BYTES = 32
/** In the place of the first key: read what is encrypted, but write in plain, until every program has the keys. */
const PLAIN = 'plain'
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

export function isKeyId(text: string): boolean {
  return KEY_ID.test(text) && text !== PLAIN
}

/** `id:base64,…` of ENCRYPTION_KEYS. What is wrong is told by its place: whatever was given may be a key. */
export const encryptionKeysSchema = z.string().transform((text, context): Encryption => {
  const entries = text.split(',').map(entry => entry.trim())
  const plain = entries[0] === PLAIN
  const keys: EncryptionKey[] = []
  for (const [index, entry] of entries.entries()) {
    if (index === 0 && plain) continue
    const [id = '', secret = ''] = entry.split(/:(.*)/s)
    const wrong = whatIsWrong(id, secret, keys)
    if (wrong !== null) {
      context.issues.push({ code: 'custom', input: '', message: `entry ${index + 1} ${wrong}` })
      return z.NEVER
    }
    keys.push({ id, secret })
  }
  return { keys, writesWith: plain ? null : (keys[0]?.id ?? null) }
})

function whatIsWrong(id: string, secret: string, before: readonly EncryptionKey[]): string | null {
  if (!isKeyId(id)) return 'is not id:key with an id of 1 to 32 letters, digits, - and _'
  if (!BASE64.test(secret)) return 'has a key that is not base64'
  const bytes = keyBytes(secret)
  if (bytes.length !== KEY_BYTES) {
    return `has a key of ${bytes.length} bytes, not ${KEY_BYTES}: ourvidz encryption key makes one`
  }
  if (before.some(key => key.id === id)) return 'has an id that an earlier one has'
  if (before.some(key => keyBytes(key.secret).equals(bytes))) return 'has the same key as an earlier one'
  return null
}

/** base64 or base64url. */
export function keyBytes(secret: string): Buffer {
  return Buffer.from(secret, 'base64')
}

/** A new key, as ENCRYPTION_KEYS takes it. */
export function makeEncryptionKey(id: string): string {
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`
}
