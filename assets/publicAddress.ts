import ipaddr from 'ipaddr.js'

/** Looks public and is the cloud's own: Azure's platform services answer there inside every virtual machine. */
const PLATFORM = ['168.63.129.16']

/**
 * Whether an IP address belongs to the public internet. Anything that is, or carries, a private, local, reserved or
 * translated address is not: IPv4-mapped IPv6 is read as its IPv4, NAT64, 6to4 and Teredo are refused whole.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast' || PLATFORM.includes(parsed.toString())) return false
  return parsed.kind() === 'ipv4' || parsed.match(ipaddr.parse('2000::'), 3) // all that IANA gives out
}
