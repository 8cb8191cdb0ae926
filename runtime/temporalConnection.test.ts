import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
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
