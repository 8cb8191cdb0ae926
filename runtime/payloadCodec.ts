import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Payload, PayloadCodec } from '@temporalio/common'
import proto from '@temporalio/proto'
import { type Encryption, isKeyId, keyBytes } from './encryptionKeys.ts'

const { Payload: PayloadMessage } = proto.temporal.api.common.v1

/** Both as in Temporal's own samples. */
const ENCRYPTED = 'binary/encrypted'
const KEY_ID = 'encryption-key-id'

const ALGORITHM = 'aes-256-gcm'
const VERSION = 1
const IV_BYTES = 12
const TAG_BYTES = 16

/** A payload is encrypted with a key that is not here, or it is not what was once written. */
export class UnreadablePayloadError extends Error {
  override readonly name = 'UnreadablePayloadError'
}

/**
 * Encrypts whole payloads, their metadata included, so that Temporal sees a key's id and a length. What is in plain is read
 * as it is: it was written before encryption was switched on. The data: a version, the IV, the ciphertext, the tag.
 */
export function createPayloadCodec({ keys, writesWith }: Encryption): PayloadCodec {
  const byId = new Map(keys.map(({ id, secret }) => [id, createSecretKey(keyBytes(secret))]))
  const writer = writesWith === null ? undefined : byId.get(writesWith)

  function decode(payload: Payload): Payload {
    if (textOf(payload, 'encoding') !== ENCRYPTED) return payload
    const id = textOf(payload, KEY_ID)
    const key = byId.get(id)
    if (key === undefined) throw new UnreadablePayloadError(missingKey(id, byId.size))
    try {
      return PayloadMessage.decode(decrypt(key, id, payload.data ?? new Uint8Array()))
    } catch (cause) {
      throw new UnreadablePayloadError(
        `A payload cannot be decrypted with the key "${id}": it was altered, or ENCRYPTION_KEYS has another key under this id here than where it was written.`,
        { cause },
      )
    }
  }

  return {
    async encode(payloads) {
      if (writesWith === null || writer === undefined) return payloads
      return payloads.map(payload => ({
        metadata: { encoding: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(writesWith) },
        data: encrypt(writer, writesWith, PayloadMessage.encode(payload).finish()),
      }))
    },
    decode: async payloads => payloads.map(decode),
  }
}

function encrypt(key: KeyObject, id: string, plain: Uint8Array): Uint8Array {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES }).setAAD(bound(id))
  const sealed = [cipher.update(plain), cipher.final()]
  return Buffer.concat([Buffer.of(VERSION), iv, ...sealed, cipher.getAuthTag()])
}

function decrypt(key: KeyObject, id: string, data: Uint8Array): Uint8Array {
  if (data[0] !== VERSION) throw new Error(`version ${data[0]} is not known`)
  if (data.length < 1 + IV_BYTES + TAG_BYTES) throw new Error('it is too short')
  const iv = data.subarray(1, 1 + IV_BYTES)
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES })
    .setAAD(bound(id))
    .setAuthTag(data.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(data.subarray(1 + IV_BYTES, -TAG_BYTES)), decipher.final()])
}

/** What stands in plain and must not be altered either. */
function bound(id: string): Buffer {
  return Buffer.from(`ourvidz payload ${VERSION} ${id}`)
}

function textOf(payload: Payload, name: string): string {
  const value = payload.metadata?.[name]
  return value ? Buffer.from(value).toString('utf8') : ''
}

/** The id comes from Temporal, so it is repeated only if it can be one. */
function missingKey(id: string, keysHere: number): string {
  const named = isKeyId(id) ? `the key "${id}"` : 'a key whose id is not valid'
  return keysHere === 0
    ? `A payload is encrypted with ${named}, but ENCRYPTION_KEYS is not set here: set it as the workers have it.`
    : `A payload is encrypted with ${named}, which ENCRYPTION_KEYS does not have here: add it after the first one. A key is needed until the last workflow that it has encrypted is forgotten.`
}
