import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Identity {
  name: string
  privateKey: KeyObject
  /** PEM. */
  key: string
  cert: string
}

interface Wanted {
  name?: string
  /** Days from now until it ends; negative: it has expired. */
  days?: number
  /** Who signs it; itself by default. Anything may sign here, as anything is an authority. */
  by?: Identity
}

/** A key and a certificate of a new identity at 127.0.0.1, made here: not every machine has openssl. */
export function makeIdentity({ name = 'a test', days = 365, by }: Wanted = {}): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signed = sequence(
    der(0xa0, der(0x02, 2)),
    der(0x02, 1, randomBytes(8)),
    ECDSA_SHA256,
    nameOf(by?.name ?? name),
    sequence(time(days - 400), time(days)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension('551d13', sequence(der(0x01, 0xff))), extension('551d11', LOOPBACK))),
  )
  const signature = sign('sha256', signed, by?.privateKey ?? privateKey)
  const bytes = sequence(signed, ECDSA_SHA256, der(0x03, 0, signature))
  const cert = `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  return { name, privateKey, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert }
}

/** One value in DER: its tag, its length, its content. */
function der(tag: number, ...content: (Buffer | number)[]): Buffer {
  const bytes = Buffer.concat(content.map(part => (typeof part === 'number' ? Buffer.of(part) : part)))
  const { length } = bytes
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...size), bytes])
}

function sequence(...content: Buffer[]): Buffer {
  return der(0x30, ...content)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}

function nameOf(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))))
}

/** UTCTime, so many days from now. */
function time(days: number): Buffer {
  const at = new Date(Date.now() + days * 86_400_000).toISOString()
  return der(0x17, Buffer.from(`${at.slice(2, 19).replace(/[-:T]/g, '')}Z`))
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value))
}

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
const LOOPBACK = sequence(der(0x87, 127, 0, 0, 1))
