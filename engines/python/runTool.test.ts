import { afterEach, expect, test, vi } from 'vitest'
import { runTool } from './runTool.ts'

afterEach(() => void vi.unstubAllEnvs())

test('an installer inherits how packages are to be had, and none of our keys', async () => {
  const how = {
    PIP_INDEX_URL: 'https://packages.example/simple',
    UV_INDEX_URL: 'https://packages.example/simple',
    https_proxy: 'http://proxy.example:3128',
    NO_PROXY: 'localhost',
    SSL_CERT_FILE: '/etc/ca.pem',
    REQUESTS_CA_BUNDLE: '/etc/ca.pem',
    XDG_CACHE_HOME: '/var/cache',
  }
  const keys = {
    SUPABASE_SERVICE_ROLE_KEY: 'hush-1',
    TEMPORAL_API_KEY: 'hush-2',
    ENCRYPTION_KEYS: 'a:hush-3',
  }
  for (const [name, value] of Object.entries({ ...how, ...keys })) vi.stubEnv(name, value)
  const { ok, said } = await runTool('env', [], { cwd: '/' })
  expect(ok).toBe(true)
  expect(said.split('\n')).toEqual(
    expect.arrayContaining([
      `PATH=${process.env.PATH}`,
      ...Object.entries(how).map(([name, value]) => `${name}=${value}`),
    ]),
  )
  expect(said).not.toContain('hush')
})
