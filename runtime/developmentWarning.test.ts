import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { developmentWarning } from './developmentWarning.ts'

const supabase = { STORE: 'supabase', SUPABASE_URL: 'https://x.example', SUPABASE_SERVICE_ROLE_KEY: 'key' }
const production = { NODE_ENV: 'production', STORE_SIGNING_KEY: 'a key of sixteen or more' }

test.each<[Record<string, string>, boolean]>([
  [{}, false],
  [{ TEMPORAL_ADDRESS: 'localhost:7233' }, false],
  [{ TEMPORAL_ADDRESS: '[::1]:7233' }, false],
  [{ TEMPORAL_ADDRESS: 'temporal.example:7233' }, true],
  [{ TEMPORAL_ADDRESS: '127.example.org:7233' }, true],
  [supabase, true],
  [{ ...production, TEMPORAL_ADDRESS: 'temporal.example:7233' }, false],
])('with %o, warned: %s', (env, warned) => {
  expect(developmentWarning(parseConfig(env)) !== null).toBe(warned)
})
