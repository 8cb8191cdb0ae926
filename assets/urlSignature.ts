import { createHmac, timingSafeEqual } from 'node:crypto'

/** The end of time that ISO 8601 can write: a link that does not expire. */
export const NEVER_EXPIRES = 253_402_300_799

/** Signature of an object path until `expires` (seconds since 1970), as base64url. */
export function signObject(signingKey: string, objectPath: string, expires: number): string {
  return createHmac('sha256', signingKey).update(`${objectPath}\n${expires}`).digest('base64url')
}

/** Compares in constant time, so that a signature cannot be guessed byte by byte. */
export function isSignatureOf(
  signature: string,
  signingKey: string,
  objectPath: string,
  expires: number,
): boolean {
  const given = Buffer.from(signature)
  const expected = Buffer.from(signObject(signingKey, objectPath, expires))
  return given.length === expected.length && timingSafeEqual(given, expected)
}
