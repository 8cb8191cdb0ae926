import { X509Certificate } from 'node:crypto'

const CERTIFICATE = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]+-----END \1-----/g

/** When the first certificate of a PEM file expires, as each of a chain is needed. Throws for a file that holds none. */
export function firstExpiry(pem: Uint8Array): Date {
  return new Date(Math.min(...expiriesOf(pem)))
}

/** When the last one expires: of authorities, an old one stands beside its successor for a while. Throws as {@link firstExpiry}. */
export function lastExpiry(pem: Uint8Array): Date {
  return new Date(Math.max(...expiriesOf(pem)))
}

function expiriesOf(pem: Uint8Array): number[] {
  const found = Buffer.from(pem).toString('latin1').match(CERTIFICATE)
  if (found === null) throw new Error('it holds no certificate in PEM')
  return found.map(text => Date.parse(new X509Certificate(text).validTo))
}
