import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../runtime/config.ts'
import { makeEncryptionKey } from '../runtime/encryptionKeys.ts'
import { checkEncryption } from './doctor/checkEncryption.ts'
import { runOps } from './testing/runOps.ts'

const PROGRAM = fileURLToPath(new URL('../bin/ourvidz.ts', import.meta.url))
const [A, B] = [makeEncryptionKey('a'), makeEncryptionKey('b')]

test('encryption key prints a key that can be used as it is, another each time', async () => {
  const made = await runOps(['encryption', 'key', '--id', '2026a'], {})
  expect(made).toMatchObject({ exitCode: 0, stderr: '' })
  expect(parseConfig({ ENCRYPTION_KEYS: made.stdout }).encryption.writesWith).toBe('2026a')
  expect((await runOps(['encryption', 'key', '--id', '2026a'], {})).stdout).not.toBe(made.stdout)
  const today = await runOps(['encryption', 'key'], {})
  expect(parseConfig({ ENCRYPTION_KEYS: today.stdout }).encryption.writesWith).toMatch(/^k\d{8}$/)
  expect((await runOps(['encryption', 'key', '--id', 'plain'], {})).exitCode).toBe(2)
})

test.each([
  [{}, /^ENCRYPTION_KEYS: not set/],
  [{ ENCRYPTION_KEYS: 'a:c2hvcnQ=' }, /ENCRYPTION_KEYS: entry 1 has a key of 5 bytes/],
])('codec-server does not start with %o', async (env, message) => {
  const { exitCode, stderr } = await runOps(['codec-server', '--port', '0'], env)
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)])
})

test('codec-server does not leave the loopback without a token', async () => {
  const { exitCode, stderr } = await runOps(['codec-server', '--port', '0', '--host', '0.0.0.0'], {
    ENCRYPTION_KEYS: A,
  })
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringMatching(/^CODEC_TOKEN: needed to serve on 0\.0\.0\.0/),
  ])
})

test('codec-server serves until it is told to stop', async () => {
  const child = execa(process.execPath, [PROGRAM, 'codec-server', '--port', '0'], {
    env: {
      ENCRYPTION_KEYS: A,
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TEMPORAL_UI_URL: 'http://ui.example:8080',
    },
    reject: false,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  const [, url = ''] =
    /^Codec server at (http:\S+), for http:\/\/ui\.example:8080\.\n$/.exec(String(line)) ?? []
  const headers = { origin: 'http://ui.example:8080' }
  const asked = await fetch(`${url}/decode`, { method: 'POST', headers, body: '{"payloads":[]}' })
  expect([asked.status, await asked.json()]).toEqual([200, { payloads: [] }])
  child.kill('SIGTERM')
  expect(await child).toMatchObject({ exitCode: 0 })
})

test.each([
  [{}, 'skipped', /ENCRYPTION_KEYS is not set/],
  [
    { NODE_ENV: 'production', STORE_SIGNING_KEY: 'x'.repeat(16), TEMPORAL_ADDRESS: 'cloud.example:7233' },
    'warn',
    /prompts are readable/,
  ],
  [{ ENCRYPTION_KEYS: A }, 'ok', /^writes with a$/],
  [{ ENCRYPTION_KEYS: `${B},${A}` }, 'ok', /^writes with b, reads also a$/],
  [{ ENCRYPTION_KEYS: `plain,${A}` }, 'warn', /^reads a, but writes in plain/],
])('doctor tells what encrypts: %#', (env, status, text) => {
  expect(checkEncryption(parseConfig(env))).toEqual({ status, text: expect.stringMatching(text) })
})
