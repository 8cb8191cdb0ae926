import { request } from 'node:http'
import { defaultPayloadConverter } from '@temporalio/common'
import { expect, onTestFinished, test } from 'vitest'
import { type CodecServerOptions, startCodecServer } from './codecServer.ts'
import { ConfigError, parseConfig } from './config.ts'
import { makeEncryptionKey } from './encryptionKeys.ts'
import { createPayloadCodec } from './payloadCodec.ts'

const UI = 'http://127.0.0.1:8233'
const TOKEN = 'a-token-of-the-codec'
const codecOf = (...keys: string[]) =>
  createPayloadCodec(parseConfig({ ENCRYPTION_KEYS: keys.join(',') }).encryption)

async function startServer(options: Partial<CodecServerOptions> = {}) {
  const codec = options.codec ?? codecOf(makeEncryptionKey('a'))
  const server = await startCodecServer({
    ...{ codec, host: '127.0.0.1', port: 0, origins: [UI], token: null },
    ...options,
  })
  onTestFinished(() => server.close())
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  return { server, post }
}

/** As the Web UI and `temporal` write it. */
function inJson(value: unknown) {
  const { metadata, data } = defaultPayloadConverter.toPayload(value)
  const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64')
  return {
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, v]) => [name, base64(v)])),
    data: base64(data),
  }
}

test('encodes, and decodes what it has encoded, under whatever path it is mounted', async () => {
  const { post } = await startServer()
  const payloads = [inJson({ prompt: 'a lighthouse at dusk' }), inJson(null)]
  const encoded = await (await post('/encode', { payloads })).json()
  expect(encoded).toMatchObject({
    payloads: [
      {
        metadata: {
          encoding: btoa('binary/encrypted'),
          'encryption-key-id': btoa('a'),
        },
      },
      {},
    ],
  })
  const decoded = await post('/some/namespace/decode', encoded, { 'x-namespace': 'default' })
  expect(decoded.headers.get('content-type')).toBe('application/json')
  expect(decoded.headers.get('cache-control')).toBe('no-store')
  expect(await decoded.json()).toEqual({ payloads })
  expect(await (await post('/decode', { payloads })).json()).toEqual({ payloads })
  expect(await (await post('/decode', {})).json()).toEqual({ payloads: [] })
})

test('pages of the Web UI may ask, by either name of the loopback; others may not', async () => {
  const { server, post } = await startServer()
  for (const origin of [UI, 'http://localhost:8233']) {
    const preflight = await fetch(`${server.url}/decode`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-namespace',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin)
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/content-type.*x-namespace/)
    const answer = await post('/decode', { payloads: [] }, { origin })
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('vary')).toBe('origin')
  }
  for (const origin of ['http://127.0.0.1:8234', 'https://127.0.0.1:8233', 'http://evil.example', 'null']) {
    for (const method of ['OPTIONS', 'POST']) {
      const refused = await fetch(`${server.url}/decode`, {
        method,
        headers: { origin, 'content-type': 'text/plain' },
        ...(method === 'POST' ? { body: '{"payloads":[]}' } : {}),
      })
      expect([origin, method, refused.status]).toEqual([origin, method, 403])
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    }
  }
})

test('with a token, only who has it may ask; that it lives is told to everybody', async () => {
  const { server, post } = await startServer({ token: TOKEN })
  const ask = async (authorization?: string) =>
    (await post('/decode', { payloads: [] }, authorization ? { authorization } : {})).status
  expect(await ask()).toBe(401)
  expect(await ask(`Bearer ${TOKEN}x`)).toBe(401)
  expect(await ask(TOKEN)).toBe(401)
  expect(await ask(`Bearer ${TOKEN}`)).toBe(200)
  expect((await fetch(`${server.url}/livez`)).status).toBe(200)
})

test('it does not serve off the loopback without a token', async () => {
  for (const host of ['0.0.0.0', '::', '127.0.0.1.example']) {
    const starting = startCodecServer({
      ...{ codec: codecOf(), host, port: 0, origins: [], token: null },
    })
    await expect(starting).rejects.toThrow(ConfigError)
    await expect(starting).rejects.toThrow(/CODEC_TOKEN/)
  }
  const { server } = await startServer({ host: '0.0.0.0', token: TOKEN })
  expect((await fetch(`${server.url.replace('0.0.0.0', '127.0.0.1')}/livez`)).status).toBe(200)
})

test.each([
  ['no JSON', 'prompt'],
  ['a list', '[]'],
  ['null', 'null'],
  ['payloads that are no list', '{"payloads":{}}'],
  ['data that is no base64', '{"payloads":[{"data":"a lighthouse!"}]}'],
  ['metadata that is no text', '{"payloads":[{"metadata":{"encoding":1}}]}'],
])('%s is refused, and not repeated', async (_what, body) => {
  const { post } = await startServer()
  const answer = await post('/decode', body)
  expect(answer.status).toBe(400)
  expect(await answer.text()).not.toContain('lighthouse')
})

test('a payload that cannot be decrypted: the answer names the key', async () => {
  const { payloads }: { payloads: unknown } = JSON.parse(
    await (await (await startServer()).post('/encode', { payloads: [inJson('a red bicycle')] })).text(),
  )
  const { post } = await startServer({ codec: codecOf(makeEncryptionKey('b')) })
  const answer = await post('/decode', { payloads })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toEqual({ error: expect.stringMatching(/the key "a".*ENCRYPTION_KEYS/) })
})

test('other ways and other paths are told what to do', async () => {
  const { server, post } = await startServer()
  expect((await post('/', {})).status).toBe(404)
  expect((await post('/decoder', {})).status).toBe(404)
  expect((await fetch(`${server.url}/decode`)).status).toBe(405)
})

test('a body without end is cut off', async () => {
  const { server } = await startServer()
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const chunk = Buffer.alloc(1 << 20, 0x20)
    const sending = request(`${server.url}/decode`, { method: 'POST' }, response => {
      resolve(response.statusCode)
      sending.destroy()
    })
    const go = () => {
      while (!sending.destroyed && sending.write(chunk));
    }
    sending.on('drain', go).on('error', reject)
    go()
  })
  expect(status).toBe(413)
})

test('it ends though a client keeps its connection open', async () => {
  const { server, post } = await startServer()
  await (await post('/decode', { payloads: [] })).text()
  await server.close()
  await expect(post('/decode', {})).rejects.toThrow()
})
