import { expect, test } from 'vitest'
import { parseConfig } from './config.ts'
import { environmentSchema } from './environmentSchema.ts'
import { redactedConfig } from './redactedConfig.ts'

/** Of all variables that hold one; that of encryption's keys is below. */
const secrets = {
  TEMPORAL_API_KEY: 'temporal-api-key',
  STORE_SIGNING_KEY: 'store-signing-key',
  SUPABASE_SERVICE_ROLE_KEY: 'service-role-key',
  CALLBACK_TOKEN: 'callback-token',
  CALLBACK_SECRET: `whsec_${'QUJD'.repeat(8)}`,
  CODEC_TOKEN: 'token-of-the-codec',
}

test('the start-up line shows settings, but no secret', () => {
  const key = Buffer.alloc(32, 'key').toString('base64')
  const config = parseConfig({
    ...secrets,
    ENCRYPTION_KEYS: `2026a:${key}`,
    CALLBACK_URL: 'https://app.example/hook?token=query-token',
    METRICS_URL: 'https://metrics.example/in',
    ENGINE: 'own',
    ENGINE_COMMAND: 'my-engine --key argument-key',
  })
  const shown = redactedConfig(config)
  const text = JSON.stringify(shown)
  for (const secret of [...Object.values(secrets), key, 'query-token', 'argument-key'])
    expect(text).not.toContain(secret)
  expect(shown).toMatchObject({
    temporal: { apiKey: '[set]', address: '127.0.0.1:7233', tls: true },
    callback: { url: 'https://app.example/hook' },
    encryption: { keys: [{ id: '2026a', secret: '[set]' }], writesWith: '2026a' },
    metricsUrl: 'https://metrics.example/in',
    engine: { command: ['my-engine'] },
    store: { supabaseKey: '[set]', supabaseUrl: null },
  })
})

test('what is named like a secret is one, and is withheld above', () => {
  const named = Object.keys(environmentSchema.shape).filter(name => /KEY|TOKEN|SECRET/.test(name))
  // The file that holds one.
  const others = ['TEMPORAL_TLS_KEY']
  expect(named.toSorted()).toEqual([...Object.keys(secrets), 'ENCRYPTION_KEYS', ...others].toSorted())
})
