import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { CLIENT_VARIABLES, parseClientConfig } from './clientConfig.ts'
import { ConfigError, parseConfig } from './config.ts'
import { environmentSchema } from './environmentSchema.ts'

const documentation = await readFile(new URL('../docs/configuration.md', import.meta.url), 'utf8')

/** Rows of the reference: the variable, its default or undefined where there is a dash, and who reads it. */
const documented = [
  ...documentation.matchAll(/^\| `([A-Z_]+)` \| (?:—|`(.*?)`) \| \S.* \| ((?:[CGDU] ?)+)\|$/gm),
].map(([, name = '', value, readers = '']) => ({ name, value, readers }))

test('docs/configuration.md lists exactly the variables that are read, once each', () => {
  expect(documented.map(row => row.name).sort()).toEqual(Object.keys(environmentSchema.shape).sort())
})

test.each(documented)('the documented default of $name is the real one', ({ name, value }) => {
  const schema = Object.entries(environmentSchema.shape).find(([key]) => key === name)?.[1]
  const real = schema?.parse(undefined)
  if (value === undefined) expect([undefined, '', []]).toContainEqual(real)
  else expect(schema?.parse(value)).toEqual(real)
})

test('docs/configuration.md says which of the command’s variables the SDK reads', () => {
  const [, said = ''] = /of those the SDK reads (.*?) \(`parseClientConfig`\)/.exec(documentation) ?? []
  const names = [...said.matchAll(/`(.*?)(…?)`/g)].map(([, name = '', more]) => `${name}${more && '.+'}`)
  const read = documented.filter(
    ({ name, readers }) => readers.includes('U') && new RegExp(`^(${names.join('|')})$`).test(name),
  )
  expect(read.map(({ name }) => name).toSorted()).toEqual([...CLIENT_VARIABLES].toSorted())
})

test('an empty environment is enough', () => {
  const config = parseConfig({})
  expect(config).toMatchObject({ production: false, store: { kind: 'directory' }, callback: { url: null } })
  expect(config.hostId).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
})

test('an empty value counts as not set', () => {
  expect(parseConfig({ CALLBACK_URL: '', HEALTH_HOST: '' }).health.host).toBe('127.0.0.1')
})

test('the Supabase project gives the callback its address and its token', () => {
  const env = {
    STORE: 'supabase',
    SUPABASE_URL: 'https://p.example/',
    SUPABASE_SERVICE_ROLE_KEY: 'service-key',
  }
  expect(parseConfig(env).callback).toMatchObject({
    url: 'https://p.example/functions/v1/job-callback',
    token: 'service-key',
  })
  expect(
    parseConfig({ ...env, CALLBACK_URL: 'https://app.example/in', CALLBACK_TOKEN: 'own' }).callback,
  ).toMatchObject({
    url: 'https://app.example/in',
    token: 'own',
  })
})

test.each([
  ['https://p.example/functions/v1/another', 'service-key'],
  ['https://p.example:444/functions/v1/job-callback', null],
  ['https://hooks.example/p.example', null],
])('the service role key goes to the project alone: %s gets %s', (url, token) => {
  const env = {
    STORE: 'supabase',
    SUPABASE_URL: 'https://p.example',
    SUPABASE_SERVICE_ROLE_KEY: 'service-key',
  }
  expect(parseConfig({ ...env, CALLBACK_URL: url }).callback.token).toBe(token)
})

test.each([
  ['python3  -m my_engine --speed 2', ['python3', '-m', 'my_engine', '--speed', '2']],
  ['["/opt/my engine/run", "--say", "a b"]', ['/opt/my engine/run', '--say', 'a b']],
])('a command of %s is a program and its arguments', (text, words) => {
  expect(parseConfig({ ENGINE: 'own', ENGINE_COMMAND: text }).engine.command).toEqual(words)
})

test.each([
  [{ ENGINE: 'own' }, /ENGINE_COMMAND: needed when ENGINE=own/],
  [{ ENGINE_COMMAND: ' ' }, /ENGINE_COMMAND: a program/],
  [{ ENGINE_COMMAND: '[1]' }, /ENGINE_COMMAND: a program/],
  [{ ENGINE_COMMAND: '["cut off' }, /ENGINE_COMMAND: a program/],
])('an engine of one’s own needs its command: %o', (env, complaint) => {
  expect(() => parseConfig(env)).toThrow(complaint)
})

test.each([
  [{}, false],
  [{ TEMPORAL_API_KEY: 'key' }, true],
  [{ TEMPORAL_TLS_CA: 'ca.pem' }, true],
  [{ TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' }, false],
  [{ TEMPORAL_TLS: '1' }, true],
])('TLS follows from %o', (env, tls) => {
  expect(parseConfig(env).temporal.tls).toBe(tls)
})

test.each([
  [{ TEMPORAL_ADDRESS: 'http://temporal:7233' }, /TEMPORAL_ADDRESS: .*host:port/],
  [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL: .*debug.*silent/],
  [{ CALLBACK_URL: 'ftp://x/' }, /CALLBACK_URL: .*URL/],
  [{ CALLBACK_SECRET: 'short' }, /CALLBACK_SECRET: .*whsec_/],
  [{ SHUTDOWN_GRACE_SECONDS: '-1' }, /SHUTDOWN_GRACE_SECONDS: /],
  [{ SHUTDOWN_GRACE_SECONDS: 'soon' }, /SHUTDOWN_GRACE_SECONDS: .*number.*it is "soon"/],
  [{ ENGINE_LOSSY: 'sage-attention' }, /ENGINE_LOSSY: .*first-block-cache.*it is "sage-attention"/],
  [{ HOST_ID: 'a host' }, /HOST_ID: .*letters, digits/],
  [{ TEMPORAL_TLS: 'yes' }, /TEMPORAL_TLS: /],
  [{ STORE: 'supabase' }, /SUPABASE_URL: needed[\s\S]*SUPABASE_SERVICE_ROLE_KEY: needed/],
  [{ TEMPORAL_TLS_CERT: 'c.pem' }, /TEMPORAL_TLS_KEY: one needs the other/],
  [{ NODE_ENV: 'production' }, /STORE_SIGNING_KEY: needed in production/],
  [{ LOG_LEVEL: 'loud', STORE: 'tape' }, /LOG_LEVEL[\s\S]*STORE/],
])('%o is refused with the name of the variable', (env, message) => {
  expect(() => parseConfig(env)).toThrow(ConfigError)
  expect(() => parseConfig(env)).toThrow(message)
})

test('an app that uses the SDK has an environment of its own', () => {
  const app = { NODE_ENV: 'staging', LOG_LEVEL: 'verbose', STORE: 'redis', CALLBACK_URL: 'somewhere' }
  const ours = { TEMPORAL_ADDRESS: 'temporal.example:7233', OUTPUT_BUCKETS: 'posters', TEMPORAL_API_KEY: 'k' }
  expect(parseClientConfig({ ...app, ...ours })).toMatchObject({
    temporal: { address: 'temporal.example:7233', tls: true },
    store: { outputBuckets: ['posters'] },
  })
  expect(() => parseClientConfig({ NODE_ENV: 'production' })).not.toThrow()
  expect(() => parseClientConfig({ TEMPORAL_ADDRESS: 'nowhere' })).toThrow(/TEMPORAL_ADDRESS: .*host:port/)
})

test('a refused value that may be a secret is not repeated', () => {
  for (const name of ['CALLBACK_SECRET', 'STORE_SIGNING_KEY', 'CALLBACK_URL']) {
    let message = ''
    try {
      parseConfig({ [name]: 'my-secret-1' })
    } catch (error) {
      message = String(error)
    }
    expect(message).not.toContain('my-secret-1')
  }
  const command = () => parseConfig({ ENGINE_COMMAND: '["my-engine", "--key", "my-secret-1"' })
  expect(command).toThrow(/ENGINE_COMMAND: a program/)
  expect(command).not.toThrow(/my-secret-1/)
})

test('the configuration cannot be changed', () => {
  const config = parseConfig({})
  expect(Object.isFrozen(config)).toBe(true)
  expect(Object.isFrozen(config.temporal)).toBe(true)
})

test('an address with a password in it is refused, and not repeated', () => {
  const parse = () => parseConfig({ CALLBACK_URL: 'https://user:hunter2@app.example/hook' })
  expect(parse).toThrow(/CALLBACK_URL.*no user or password/)
  expect(parse).not.toThrow(/hunter2/)
})
