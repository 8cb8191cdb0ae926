import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer as createPlainServer, createSecureServer } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Identity, makeIdentity } from '../test/certificates.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { ConfigError, parseConfig } from './config.ts'
import { connectTemporal, TemporalUnreachableError } from './temporalConnection.ts'
import { connectTemporalNative } from './temporalNativeConnection.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server that accepts and says nothing, or a port on which nobody listens. */
async function address(
  kind: 'silent' | 'closed',
): Promise<{ TEMPORAL_ADDRESS: string; connections: () => number }> {
  const sockets: Socket[] = []
  const server = createServer(socket => sockets.push(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  if (kind === 'closed') await close()
  else cleanups.push(close)
  return { TEMPORAL_ADDRESS: `127.0.0.1:${port}`, connections: () => sockets.length }
}

/** A server with TLS that is no Temporal, and the configuration of a client of it. Other than said, all is well with both. */
async function tlsServer(given: { server?: Identity; client?: Identity; host?: string }) {
  const { server: identity = makeIdentity({ by: AUTHORITY }), client = makeIdentity({ by: AUTHORITY }) } =
    given
  const server = createSecureServer({
    ...{ key: identity.key, cert: identity.cert, ca: AUTHORITY.cert },
    ...{ requestCert: true, rejectUnauthorized: true },
  })
  server
    .on('tlsClientError', () => {})
    .on('stream', stream => stream.respond({ ':status': 503 }, { endStream: true }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return clientOf((server.address() as AddressInfo).port, client, given.host)
}

async function clientOf(port: number, client: Identity, host = '127.0.0.1') {
  const folder = await temporaryDirectory()
  const pem = { ca: AUTHORITY.cert, cert: client.cert, key: client.key }
  for (const [name, text] of Object.entries(pem)) await writeFile(join(folder, name), text)
  return parseConfig({
    TEMPORAL_ADDRESS: `${host}:${port}`,
    TEMPORAL_TLS_CA: join(folder, 'ca'),
    TEMPORAL_TLS_CERT: join(folder, 'cert'),
    TEMPORAL_TLS_KEY: join(folder, 'key'),
  }).temporal
}

const AUTHORITY = makeIdentity({ name: 'an authority' })
const STRANGER = makeIdentity({ name: 'a stranger' })
const wrongTls: [string, Parameters<typeof tlsServer>[0], RegExp][] = [
  [
    'a server whose certificate has expired',
    { server: makeIdentity({ by: AUTHORITY, days: -1 }) },
    /its certificate is not accepted: certificate has expired \(CERT_HAS_EXPIRED\)\. Have it renewed/,
  ],
  [
    'a server whose certificate somebody else has signed',
    { server: makeIdentity({ by: STRANGER }) },
    /its certificate is not accepted: .* name in TEMPORAL_TLS_CA who has signed it/,
  ],
  [
    'a server whose certificate is for another name',
    { host: 'localhost' },
    /its certificate is for another name: .*localhost.* Check TEMPORAL_ADDRESS/,
  ],
  [
    'a certificate of ours that has expired',
    { client: makeIdentity({ by: AUTHORITY, days: -1 }) },
    /our certificate has expired on \d{4}-\d\d-\d\d\. Renew TEMPORAL_TLS_CERT/,
  ],
  [
    'a key of ours that belongs to another certificate',
    { client: { ...makeIdentity({ by: AUTHORITY }), key: STRANGER.key } },
    /TLS fails: key values mismatch .*Check TEMPORAL_TLS and its files/,
  ],
]

const connects = { client: connectTemporal, native: connectTemporalNative }

describe.each(['client', 'native'] as const)('%s connection', kind => {
  test('says what to do when nobody answers', async () => {
    const { TEMPORAL_ADDRESS } = await address('closed')
    const attempt = connects[kind](parseConfig({ TEMPORAL_ADDRESS }).temporal, { attemptMs: 500 })
    await expect(attempt).rejects.toThrow(TemporalUnreachableError)
    await expect(attempt).rejects.toThrow(
      new RegExp(`Cannot reach Temporal at ${TEMPORAL_ADDRESS}.*npm run dev.*TEMPORAL_ADDRESS`),
    )
  }, 20_000)

  test('a server that accepts and stays silent is given up', async () => {
    const { TEMPORAL_ADDRESS, connections } = await address('silent')
    const attempt = connects[kind](parseConfig({ TEMPORAL_ADDRESS }).temporal, { attemptMs: 500 })
    await expect(attempt).rejects.toThrow(/Cannot reach Temporal/)
    expect(connections()).toBeGreaterThan(0)
  }, 20_000)

  test.each(wrongTls)(
    '%s is told as what it is',
    async (_, given, told) => {
      const attempt = connects[kind](await tlsServer(given), { attemptMs: 2_000 })
      await expect(attempt).rejects.toThrow(TemporalUnreachableError)
      await expect(attempt).rejects.toThrow(told)
      await expect(attempt).rejects.not.toThrow(/Is it running/)
    },
    20_000,
  )

  test('a server without TLS, and one with which nothing is wrong but that it is no Temporal', async () => {
    const plain = createPlainServer().listen(0, '127.0.0.1')
    await once(plain, 'listening')
    onTestFinished(() => void plain.close())
    const { port } = plain.address() as AddressInfo
    const attempt = connects[kind](await clientOf(port, STRANGER), { attemptMs: 2_000 })
    await expect(attempt).rejects.toThrow(/TLS fails: .*Check TEMPORAL_TLS/)
    await expect(connects[kind](await tlsServer({}), { attemptMs: 2_000 })).rejects.toThrow(/Is it running/)
  }, 20_000)

  test('a certificate that cannot be read names its variable', async () => {
    const { temporal } = parseConfig({ TEMPORAL_TLS_CA: '/nowhere/ca.pem' })
    const attempt = connects[kind](temporal)
    await expect(attempt).rejects.toThrow(ConfigError)
    await expect(attempt).rejects.toThrow(/TEMPORAL_TLS_CA: cannot read \/nowhere\/ca.pem/)
  })
})

test('retries until the time is over, and stops at once when told to', async () => {
  const { TEMPORAL_ADDRESS } = await address('closed')
  const { temporal } = parseConfig({ TEMPORAL_ADDRESS })
  let retries = 0
  await expect(connectTemporalNative(temporal, { waitMs: 1_500, onRetry: () => retries++ })).rejects.toThrow(
    TemporalUnreachableError,
  )
  expect(retries).toBeGreaterThanOrEqual(2)

  const controller = new AbortController()
  const attempt = connectTemporalNative(temporal, {
    waitMs: 600_000,
    signal: controller.signal,
    onRetry: () => controller.abort(new Error('stopped')),
  })
  await expect(attempt).rejects.toThrow()
}, 20_000)
