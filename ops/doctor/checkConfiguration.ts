import type { Config } from '../../runtime/config.ts'
import { developmentWarning } from '../../runtime/developmentWarning.ts'
import { isLoopback } from '../../runtime/loopback.ts'
import { type Found, ok, warn } from './finding.ts'

/** What is valid but hardly meant. That it can be parsed at all is seen before the checks. */
export function checkConfiguration(config: Config): Found[] {
  const { production, engine, store, callback } = config
  const findings: Found[] = []
  const development = developmentWarning(config)
  if (development !== null) findings.push(warn(development))
  if (callback.url?.startsWith('http:') && callback.token !== null && !isOfThisMachine(callback.url)) {
    findings.push(warn('CALLBACK_URL is http: the token of the callbacks can be read on the way; use https'))
  }
  if (callback.url !== null && callback.token === null && store.supabaseKey !== null) {
    findings.push(
      warn(
        'callbacks bear no token: CALLBACK_URL is not of SUPABASE_URL, which alone gets its key; set CALLBACK_TOKEN',
      ),
    )
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
