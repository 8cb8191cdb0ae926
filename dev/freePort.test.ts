import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort } from './freePort.ts'

test('the preferred port when it is free, and another one when it is not', async () => {
  const port = await freePort()
  expect(await freePort(port)).toBe(port)
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  expect(await freePort(port)).not.toBe(port)
  other.close()
})

test.runIf(process.platform === 'linux')(
  'none that the kernel gives to outgoing connections',
  async context => {
    const [from = 0, to = 0] = (await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))
      .split(/\s+/)
      .map(Number)
    if (from < 32_768) context.skip('this machine has another range than Linux has by default')
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()))
    expect(ports.filter(port => port >= from && port <= to)).toEqual([])
  },
)
