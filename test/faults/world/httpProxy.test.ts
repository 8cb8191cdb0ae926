import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startHttpProxy } from './httpProxy.ts'

async function openProxy() {
  const reached: string[] = []
  const server = createServer((request, response) => {
    reached.push(request.url ?? '')
    response.end('done')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  const proxy = await startHttpProxy(`http://127.0.0.1:${address.port}`)
  onTestFinished(async () => {
    await proxy.close()
    server.closeAllConnections()
    server.close()
  })
  const ask = async (path: string) => {
    const response = await fetch(`${proxy.url}${path}`, { signal: AbortSignal.timeout(500) })
    return { status: response.status, text: await response.text() }
  }
  return { proxy, reached, ask }
}

test('passes on, and tells of the answer before it is given', async () => {
  const { proxy, ask } = await openProxy()
  const told: unknown[] = []
  proxy.onAnswer(exchange => told.push(exchange))
  expect(await ask('/a')).toEqual({ status: 200, text: 'done' })
  expect(told).toEqual([{ method: 'GET', path: '/a', status: 200 }])
})

test('with the answer lost the work is done; down, half-open and in error it is not', async () => {
  const { proxy, reached, ask } = await openProxy()
  proxy.set({ kind: 'answer-lost' })
  await expect(ask('/lost')).rejects.toThrow()
  proxy.set({ kind: 'down' })
  await expect(ask('/down')).rejects.toThrow('fetch failed')
  proxy.set({ kind: 'half-open' })
  await expect(ask('/half-open')).rejects.toThrow('timeout')
  proxy.set({ kind: 'error' })
  expect((await ask('/error')).status).toBe(500)
  expect(reached).toEqual(['/lost'])
  proxy.set({ kind: 'pass' })
  expect((await ask('/again')).status).toBe(200)
})
