import { type Config, parseConfig } from './config.ts'
import type { Environment } from './environmentSchema.ts'

/** Variables that the SDK reads. */
export const CLIENT_VARIABLES = new Set<string>([
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CA',
  'TEMPORAL_TLS_CERT',
  'TEMPORAL_TLS_KEY',
  'TEMPORAL_UI_URL',
  'TASK_QUEUE_PREFIX',
  'ENCRYPTION_KEYS',
  'OUTPUT_BUCKETS',
] satisfies (keyof Environment)[])

/** What a program that submits jobs needs of the configuration. */
export interface ClientConfig extends Pick<Config, 'temporal' | 'encryption'> {
  store: Pick<Config['store'], 'outputBuckets'>
}

/**
 * The configuration of a program that uses the SDK. Only what concerns that is read: an app's own `NODE_ENV` or `LOG_LEVEL`
 * need not be what a worker's may be. Throws a {@link ConfigError}.
 */
export function parseClientConfig(env: Record<string, string | undefined>): ClientConfig {
  const known = Object.entries(env).filter(([name]) => CLIENT_VARIABLES.has(name))
  const { temporal, encryption, store } = parseConfig(Object.fromEntries(known))
  return { temporal, encryption, store: { outputBuckets: store.outputBuckets } }
}
