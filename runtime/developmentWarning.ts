import type { Config } from './config.ts'
import { isLoopback } from './loopback.ts'

/** Development honours `metadata.simulate` and signs with a known key: nothing for an installation that others reach. */
export function developmentWarning({ production, store, temporal }: Config): string | null {
  const host = temporal.address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  if (production || (isLoopback(host) && store.kind === 'directory')) return null
  return 'NODE_ENV is not production: producers can simulate failures, and the directory store signs with a known key'
}
