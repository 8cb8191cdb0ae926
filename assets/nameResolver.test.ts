import { lookup } from 'node:dns/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createGuardedFetch } from './guardedFetch.ts'
import { createNameResolver } from './nameResolver.ts'
import { openNameServer } from './testing/nameServer.ts'

const SIX = '2a00:1450:4001:0829:0000:0000:0000:200e'
const { signal } = new AbortController()

test('addresses of both kinds are found, and those of one kind where the other is not to be had', async () => {
  const { server, asked } = await openNameServer((name, type) => {
    if (name === 'both.example') return type === 'A' ? ['93.184.216.34', '93.184.216.35'] : [SIX]
    if (type === 'A') return ['93.184.216.34']
    return name === 'half.example' ? 'no such name' : []
  })
  const resolve = createNameResolver({ servers: [server] })
  const four = { address: '93.184.216.34', family: 4 }
  expect(await resolve('both.example', signal)).toEqual([
    four,
    { address: '93.184.216.35', family: 4 },
    { address: '2a00:1450:4001:829::200e', family: 6 },
  ])
  expect(await resolve('four.example', signal)).toEqual([four])
  expect(await resolve('half.example', signal)).toEqual([four])
  expect(asked).toContain('AAAA half.example')
})

test('a reference whose name does not exist is unreachable, and forbidden where the name server hides a private address', async () => {
  const { server } = await openNameServer((name, type) => {
    if (name === 'nowhere.example') return 'no such name'
    return type === 'A' ? ['93.184.216.34', '10.0.0.7'] : []
  })
  const fetchUrl = createGuardedFetch({
    ...{ allowHosts: [], timeoutMs: 20_000, maxBytes: 1000 },
    resolve: createNameResolver({ servers: [server] }),
  })
  const file = join(await temporaryDirectory(), 'download')
  await expect(fetchUrl('http://nowhere.example/', file)).rejects.toMatchObject({
    code: 'reference_unreachable',
    message: expect.stringContaining('ENOTFOUND'),
  })
  await expect(fetchUrl('http://hiding.example/', file)).rejects.toMatchObject({
    code: 'reference_forbidden',
    message: expect.stringContaining('10.0.0.7'),
  })
})

test('names whose server is silent keep no other name from being looked up, and end when they are called off', async () => {
  const { server, asked } = await openNameServer(() => 'silence')
  const resolve = createNameResolver({ servers: [server] })
  const caller = new AbortController()
  let ended = 0
  const lookups = Array.from({ length: 40 }, async (_, index) => {
    const error: unknown = await resolve(`silent-${index}.example`, caller.signal).catch(caught => caught)
    ended++
    return error
  })
  await expect.poll(() => new Set(asked).size, { timeout: 5_000 }).toBe(80)
  await lookup('localhost')
  expect(ended).toBe(0)

  caller.abort()
  // Not that they took too long.
  for (const error of await Promise.all(lookups)) expect(error).toMatchObject({ code: 'ECANCELLED' })
  await expect(resolve('late.example', caller.signal)).rejects.toBe(caller.signal.reason)
})

test('a name server that stays silent is given up', async () => {
  const { server, asked } = await openNameServer(() => 'silence')
  const resolve = createNameResolver({ servers: [server] })
  await expect(resolve('silent.example', signal)).rejects.toMatchObject({ code: 'ETIMEOUT' })
  // A datagram may have been lost.
  expect(asked.sort()).toEqual([
    'A silent.example',
    'A silent.example',
    'AAAA silent.example',
    'AAAA silent.example',
  ])
})
