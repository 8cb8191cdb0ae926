import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { redactedConfig } from './redactedConfig.ts'

test('the start-up line shows settings, but no secret', () => {
  const secrets = {
    TEMPORAL_API_KEY: 'temporal-api-key',
    STORE_SIGNING_KEY: 'store-signing-key',
    SUPABASE_SERVICE_ROLE_KEY: 'service-role-key',
    CALLBACK_TOKEN: 'callback-token',
    CALLBACK_SECRET: `whsec_${'QUJD'.repeat(8)}`,
  }
  const config = parseConfig({
    ...secrets,
    CALLBACK_URL: 'https://app.example/hook?token=query-token',
    METRICS_URL: 'https://metrics.example/in',
  })
  const shown = redactedConfig(config)
  const text = JSON.stringify(shown)
  for (const secret of [...Object.values(secrets), 'query-token']) expect(text).not.toContain(secret)
  expect(shown).toMatchObject({
    temporal: { apiKey: '[set]', address: '127.0.0.1:7233', tls: true },
    callback: { url: 'https://app.example/hook' },
    metricsUrl: 'https://metrics.example/in',
    store: { supabaseKey: '[set]', supabaseUrl: null },
  })
})
