import { afterEach, expect, test, vi } from 'vitest'
import { inheriting } from './inheriting.ts'

afterEach(() => void vi.unstubAllEnvs())

test('what every program needs is inherited, what is asked for besides, and nothing else', () => {
  const own = {
    PATH: '/usr/bin',
    LANG: 'C.UTF-8',
    SUPABASE_SERVICE_ROLE_KEY: 'hush',
    MY_PATH: '/x',
    INDEX: 'i',
  }
  for (const name of Object.keys(process.env)) vi.stubEnv(name, undefined)
  for (const [name, value] of Object.entries(own)) vi.stubEnv(name, value)
  const { env, extendEnv } = inheriting({ LANG: 'C' }, /^INDEX$/)
  expect(env).toEqual({ PATH: '/usr/bin', LANG: 'C', INDEX: 'i' })
  expect(extendEnv).toBe(false)
  expect(inheriting().env).not.toHaveProperty('INDEX')
})
