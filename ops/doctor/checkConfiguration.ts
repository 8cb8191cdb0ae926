import type { Config } from '../../runtime/config.ts'
import { isLoopback } from '../../runtime/loopback.ts'
import { type Found, ok, warn } from './finding.ts'

/** What is valid but hardly meant. That it can be parsed at all is seen before the checks. */
export function checkConfiguration({ production, engine, store, temporal, callback }: Config): Found[] {
  const findings: Found[] = []
  const local = isOfThisMachine(`tcp://${temporal.address}`)
  if (!production && (!local || store.kind === 'supabase')) {
    findings.push(
      warn(
        'NODE_ENV is not production: producers can simulate failures, and the directory store signs with a known key',
      ),
    )
  }
  if (callback.url?.startsWith('http:') && callback.token !== null && !isOfThisMachine(callback.url)) {
    findings.push(warn('CALLBACK_URL is http: the token of the callbacks can be read on the way; use https'))
  }
  if (engine.lossy.length > 0) {
    findings.push(warn(`ENGINE_LOSSY changes the pictures: ${engine.lossy.join(', ')}`))
  }
  const facts = `ENGINE=${engine.kind}, STORE=${store.kind}, ${production ? 'production' : 'development'}`
  return [ok(facts), ...findings]
}

export function isOfThisMachine(url: string): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''))
}
