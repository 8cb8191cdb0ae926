import { isIP } from 'node:net'
import { JobFailure } from '../jobs/failures.ts'
import { forbiddenAddress } from './guardedLookup.ts'
import { isPublicAddress } from './publicAddress.ts'

/**
 * Parses a reference's URL: http or https, no credentials, and a literal address must be public. The parser turns every
 * spelling of an IPv4 address (decimal, octal, hex, full-width) into the plain one. Throws `reference_forbidden`.
 */
export function parseReferenceUrl(source: string, base?: URL): URL {
  const url = URL.parse(source, base?.href)
  if (url === null) throw new JobFailure('reference_forbidden', 'not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new JobFailure('reference_forbidden', `${url.protocol} is not http or https`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new JobFailure('reference_forbidden', 'a URL with a user name or password is not fetched')
  }
  return url
}

/** Literal addresses are never looked up, and localhost is known without (RFC 6761), so they are checked here. Throws `reference_forbidden`. */
export function refuseHiddenHost({ hostname }: URL): void {
  if (/(^|\.)localhost\.?$/.test(hostname)) throw forbiddenAddress(hostname, '127.0.0.1')
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) throw forbiddenAddress(literal, literal)
}

/** Whether `allowHosts` names the URL's `host` or `host:port`. */
export function isAllowedHost({ hostname, port, protocol }: URL, allowHosts: readonly string[]): boolean {
  const actualPort = port || (protocol === 'https:' ? '443' : '80')
  return allowHosts.some(allowed => {
    const name = allowed.toLowerCase()
    return name === hostname || name === `${hostname}:${actualPort}`
  })
}

/** A URL for operators, without its query: that is where signed tokens stand. */
export function describeUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname.slice(0, 200)}`
}
