import type { LookupFunction } from 'node:net'
import { JobFailure } from '../jobs/failures.ts'
import type { NameResolver } from './nameResolver.ts'
import { isPublicAddress } from './publicAddress.ts'

/**
 * Name resolution for one connection: a socket dials exactly what this gives it, so an answer that changes between check
 * and dial changes nothing. Fails with `reference_forbidden` if any address of the name is not public.
 */
export function guardedLookup(resolve: NameResolver, signal: AbortSignal): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, signal).then(
      found => {
        const hidden = found.find(({ address }) => !isPublicAddress(address))
        if (hidden) return callback(forbiddenAddress(hostname, hidden.address), '')
        const family = options.family === 4 || options.family === 6 ? options.family : null
        const fitting = found.filter(entry => family === null || entry.family === family)
        const [first] = fitting
        if (first === undefined) return callback(new Error(`${hostname} has no address`), '')
        if (options.all) callback(null, fitting)
        else callback(null, first.address, first.family)
      },
      error => callback(error, ''),
    )
  }
}

export function forbiddenAddress(hostname: string, address: string): JobFailure {
  const which = hostname === address ? address : `${hostname} (${address})`
  return new JobFailure('reference_forbidden', `${which} is not a public address`)
}
