import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'

/** All addresses of a host name. Rejects when there is none, and when the signal aborts. */
export type NameResolver = (hostname: string, signal: AbortSignal) => Promise<LookupAddress[]>

/** A name server asks others in turn for a name that is new to it; what takes longer than this is seldom answered at all. */
const ANSWER_MS = 2_000
/** A datagram may be lost, and a slow answer lies ready at the second question. A silent server costs some 6 s. */
const TRIES = 2

/**
 * Asks the name servers themselves, those of /etc/resolv.conf by default. `dns.lookup` would wait in one of the few threads
 * that all of this process resolves names in, and cannot be called off: a few names whose server is silent, and no callback
 * finds its receiver. So /etc/hosts is not read.
 */
export function createNameResolver({ servers }: { servers?: readonly string[] } = {}): NameResolver {
  return async (hostname, signal) => {
    signal.throwIfAborted()
    // One each, for calling off ends everything that a resolver was asked.
    const resolver = new Resolver({ timeout: ANSWER_MS, tries: TRIES })
    if (servers) resolver.setServers(servers)
    const cancel = () => resolver.cancel()
    signal.addEventListener('abort', cancel)
    try {
      const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
      // Most names have addresses of one kind only, and some servers never answer for the other.
      if (four.status === 'rejected' && six.status === 'rejected') throw four.reason
      return [...addressesOf(four, 4), ...addressesOf(six, 6)]
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }
}

function addressesOf(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'rejected' ? [] : answer.value.map(address => ({ address, family }))
}
