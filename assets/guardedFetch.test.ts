import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createGuardedFetch, type GuardedFetchOptions } from './guardedFetch.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server on loopback; `host` is what REFERENCE_ALLOW_HOSTS would name. */
async function serve(handler: Handler) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    handler(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, port, requests }
}

async function fetchFrom(source: string, options: Partial<GuardedFetchOptions> = {}, signal?: AbortSignal) {
  const file = join(await temporaryDirectory(), 'download')
  const guardedFetch = createGuardedFetch({ allowHosts: [], timeoutMs: 5000, maxBytes: 1000, ...options })
  const result = await guardedFetch(source, file, signal ? { signal } : {})
  return { ...result, content: await readFile(file, 'utf8') }
}

const failure = (code: string) => expect.objectContaining({ name: 'JobFailure', code })

test('a file is saved with its hash, and the server learns nothing about us', async () => {
  const { url, host, requests } = await serve((_, response) => response.end('a picture'))
  const sha256 = createHash('sha256').update('a picture').digest('hex')
  expect(await fetchFrom(`${url}/x.png`, { allowHosts: [host] })).toEqual({
    bytes: 9,
    sha256,
    content: 'a picture',
  })
  expect(Object.keys(requests[0]?.headers ?? {}).sort()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'user-agent',
  ])
})

test.each([
  'http://127.0.0.1/',
  'http://2130706433/',
  'http://0177.0.0.1/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://127.1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://0/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[64:ff9b::127.0.0.1]/',
  'http://[2002:7f00:1::]/',
  'http://10.0.0.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://localhost/',
  'http://pictures.localhost./',
  'https://127.0.0.1/',
  'file:///etc/passwd',
  'ftp://example.com/x',
  'data:image/png;base64,AAAA',
  'http://user:secret@example.com/',
  'not a url',
])('%s is forbidden', async source => {
  await expect(fetchFrom(source)).rejects.toEqual(failure('reference_forbidden'))
})

test('a name that resolves to a private address is forbidden, also beside a public one', async () => {
  const { port, requests } = await serve((_, response) => response.end())
  const source = `http://pictures.example:${port}/x.png`
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.7']) {
    const resolve = async () => [
      { address: '93.184.216.34', family: 4 },
      { address, family: address.includes(':') ? 6 : 4 },
    ]
    await expect(fetchFrom(source, { resolve })).rejects.toEqual(failure('reference_forbidden'))
  }
  expect(requests).toEqual([])
})

test('a name that changes between check and dial is dialled where it was checked', async () => {
  const { port, requests } = await serve((_, response) => response.end())
  const answers = [{ address: '3ffe::1', family: 6 }] // public by its kind, but given to nobody
  let lookups = 0
  const resolve = async () => (lookups++ === 0 ? answers : [{ address: '127.0.0.1', family: 4 }])
  const fetched = fetchFrom(`http://rebind.example:${port}/`, { resolve, timeoutMs: 700 })
  await expect(fetched).rejects.toEqual(failure('reference_unreachable'))
  expect([lookups, requests]).toEqual([1, []])
})

test('a redirect is followed, and checked again', async () => {
  const hidden = await serve((_, response) => response.end('inside'))
  const places = [
    '/2',
    hidden.url,
    `http://inside.example:${hidden.port}/`,
    'http://2130706433/',
    'file:///etc/passwd',
  ]
  const { url, host } = await serve((request, response) => {
    if (request.url === '/2') return void response.end('here')
    const to = places[Number(request.url?.slice('/to/'.length))]
    response.writeHead(302, { location: to }).end()
  })
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  expect(await fetchFrom(`${url}/to/0`, { allowHosts: [host] })).toMatchObject({ content: 'here' })
  for (const index of [1, 2, 3, 4]) {
    const fetched = fetchFrom(`${url}/to/${index}`, { allowHosts: [host], resolve })
    await expect(fetched, places[index]).rejects.toEqual(failure('reference_forbidden'))
  }
  expect(hidden.requests).toEqual([])
})

test('a redirect without end is given up', async () => {
  const { url, host, requests } = await serve((_, response) =>
    response.writeHead(301, { location: '/again' }).end(),
  )
  await expect(fetchFrom(url, { allowHosts: [host] })).rejects.toEqual(failure('reference_unreachable'))
  expect(requests).toHaveLength(6)
})

test.each([
  [404, 'reference_not_found'],
  [410, 'reference_not_found'],
  [400, 'reference_not_found'],
  [401, 'reference_forbidden'],
  [403, 'reference_forbidden'],
  [429, 'reference_unreachable'],
  [500, 'reference_unreachable'],
  [503, 'reference_unreachable'],
])('HTTP %i: %s, and the message keeps the token to itself', async (status, code) => {
  const { url, host } = await serve((_, response) => response.writeHead(status).end())
  const error: unknown = await fetchFrom(`${url}/x.png?token=hush`, { allowHosts: [host] }).catch(
    caught => caught,
  )
  expect(error).toEqual(failure(code))
  expect(String(error)).toContain('/x.png')
  expect(String(error)).not.toContain('hush')
})

test('what is too large is refused by its announcement, while it streams, and when it decompresses', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  const { url, host } = await serve((request, response) => {
    if (request.url === '/announced') response.writeHead(200, { 'content-length': 1001 }).write('x')
    if (request.url === '/streamed') response.end(Buffer.alloc(2000)) // chunked, as no length is set before
    if (request.url === '/bomb') response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    if (request.url === '/zipped')
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('small'))
  })
  for (const path of ['/announced', '/streamed']) {
    const fetched = fetchFrom(url + path, { allowHosts: [host] })
    await expect(fetched, path).rejects.toEqual(failure('reference_too_large'))
  }
  const bombed = fetchFrom(`${url}/bomb`, { allowHosts: [host], maxBytes: 100_000 })
  await expect(bombed).rejects.toEqual(failure('reference_too_large'))
  expect(await fetchFrom(`${url}/zipped`, { allowHosts: [host] })).toMatchObject({
    content: 'small',
    bytes: 5,
  })
})

test('a slow drip, and a server that never answers, end at the time limit', async () => {
  const { url, host } = await serve((request, response) => {
    if (request.url !== '/drip') return
    const timer = setInterval(() => response.write('x'), 50)
    response.on('close', () => clearInterval(timer))
  })
  for (const path of ['/drip', '/silent']) {
    const fetched = fetchFrom(url + path, { allowHosts: [host], timeoutMs: 400 })
    await expect(fetched, path).rejects.toMatchObject({
      code: 'reference_unreachable',
      message: expect.stringContaining('0.4 s'),
    })
  }
})

test('a lookup that never answers ends at the time limit too, and is called off', async () => {
  let asked: AbortSignal | undefined
  const fetched = fetchFrom('http://pictures.example/', {
    resolve: (_, signal) => {
      asked = signal
      return new Promise(() => {})
    },
    timeoutMs: 300,
  })
  await expect(fetched).rejects.toEqual(failure('reference_unreachable'))
  expect(asked?.aborted).toBe(true)
})

test('a body that ends early, a refused connection, no such name, and a broken TLS are unreachable', async () => {
  const { url, host } = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 500 }).write('half')
    setTimeout(() => response.destroy(), 50)
  })
  await expect(fetchFrom(url, { allowHosts: [host] })).rejects.toEqual(failure('reference_unreachable'))
  const overTls = fetchFrom(`https://${host}/`, { allowHosts: [host] })
  await expect(overTls).rejects.toEqual(failure('reference_unreachable'))

  const tcp = createTcpServer().listen(0, '127.0.0.1')
  await new Promise(resolve => tcp.once('listening', resolve))
  const address = tcp.address()
  const free = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  await new Promise(resolve => tcp.close(resolve))
  await expect(fetchFrom(`http://${free}/`, { allowHosts: [free] })).rejects.toEqual(
    failure('reference_unreachable'),
  )

  const resolve = () => Promise.reject(Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' }))
  await expect(fetchFrom('http://nowhere.example/', { resolve })).rejects.toEqual(
    failure('reference_unreachable'),
  )
})

test('an allowed host is allowed on its port only, where it names one', async () => {
  const { url, port } = await serve((_, response) => response.end('here'))
  expect(await fetchFrom(url, { allowHosts: ['127.0.0.1'] })).toMatchObject({ content: 'here' })
  expect(await fetchFrom(`http://LOCALHOST:${port}/`, { allowHosts: [`localhost:${port}`] })).toMatchObject({
    bytes: 4,
  })
  const elsewhere = fetchFrom(url, { allowHosts: [`127.0.0.1:${port + 1}`] })
  await expect(elsewhere).rejects.toEqual(failure('reference_forbidden'))
})

test('a cancelled fetch ends with the reason of its caller, and leaves no file', async () => {
  const { url, host } = await serve((_, response) => response.write('x'))
  const signal = AbortSignal.timeout(150)
  await expect(fetchFrom(url, { allowHosts: [host] }, signal)).rejects.toMatchObject({ name: 'TimeoutError' })
})
