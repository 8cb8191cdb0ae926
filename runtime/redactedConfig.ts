import { secretsOfUrl } from '../jobs/textCensor.ts'
import type { Config } from './config.ts'

/** Every secret that a configuration holds; an address may hold one in its query. */
export function secretsOf(config: Config): string[] {
  const { temporal, store, callback, encryption } = config
  const own = [temporal.apiKey, store.signingKey, store.supabaseKey, callback.token, callback.secret]
  const ofPayloads = [config.codecToken, ...encryption.keys.map(({ secret }) => secret)]
  const inUrls = [callback.url, config.metricsUrl, store.supabaseUrl].flatMap(secretsOfUrl)
  return [...own, ...ofPayloads, ...inUrls].filter(secret => typeof secret === 'string')
}

/** The configuration for the start-up line: a secret that is set shows as `[set]`, and addresses lose user part and query. */
export function redactedConfig(config: Config): unknown {
  const secrets = new Set(secretsOf(config))
  return JSON.parse(
    JSON.stringify(config, (key, value: unknown) => {
      // Whoever brings an engine hands it keys by its arguments.
      if (key === 'command' && Array.isArray(value)) return value.slice(0, 1)
      if (typeof value !== 'string') return value
      if (secrets.has(value)) return '[set]'
      return /^https?:/.test(value) ? bareUrl(value) : value
    }),
  )
}

function bareUrl(text: string): string {
  const url = new URL(text)
  if (url.username === '' && url.password === '' && url.search === '') return text
  return `${url.origin}${url.pathname}`
}
