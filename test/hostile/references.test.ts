import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFetchReferences } from '../../activities/fetchReferences.ts'
import { createDirectoryStaging } from '../../assets/directoryStaging.ts'
import { createDirectoryStore } from '../../assets/directoryStore.ts'
import { createGuardedFetch } from '../../assets/guardedFetch.ts'
import { createNameResolver, type NameResolver } from '../../assets/nameResolver.ts'
import { type FailureCode, JobFailure } from '../../jobs/failures.ts'
import { planJob } from '../../jobs/planJob.ts'
import { referenceBuckets } from '../../jobs/referenceSource.ts'
import { runActivity } from '../runActivity.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { payloadWith } from './corpus/payloads.ts'
import { goodPicture } from './corpus/pictures.ts'
import { HOSTILE_NAMES, HOSTILE_SOURCES, OTHER_USER, OWN_USER } from './corpus/references.ts'
import { HOSTILE_SERVERS } from './corpus/servers.ts'
import { watchFolder } from './folderWatch.ts'
import { ended, fuzz } from './fuzz.ts'
import { openRawServer } from './rawServer.ts'
import { watchSockets } from './socketWatch.ts'

/** In the query of every address; a message or a log line that shows it has shown somebody's token. */
const TOKEN = 'zyxtokenofthequery'
const LIMIT_MS = 400
const AMPLE_MS = 30_000

/** A resolver that answers as the corpus says, anew at each question; other names are asked of the name servers. */
function hostileResolver(): NameResolver {
  const resolve = createNameResolver()
  const asked = new Map<string, number>()
  return async (hostname, signal) => {
    const name = hostname.replace(/\.$/, '')
    const answers = HOSTILE_NAMES[name]
    if (answers === undefined && name.endsWith('.example')) throw new Error('queryA ENOTFOUND')
    if (answers === undefined) return resolve(hostname, signal)
    const turn = asked.get(name) ?? 0
    asked.set(name, turn + 1)
    const answer = answers[Math.min(turn, answers.length - 1)] ?? []
    return answer.map(address => ({ address, family: isIPv6(address) ? 6 : 4 }))
  }
}

/** A store with a user's own picture and another's, links that lead out of it, and everything that a reference goes through. */
async function openWorld({
  allowHosts = [],
  timeoutMs = LIMIT_MS,
}: {
  allowHosts?: string[]
  timeoutMs?: number
} = {}) {
  const folder = await temporaryDirectory()
  const directory = join(folder, 'store')
  const own = join(directory, 'reference_images', OWN_USER)
  const other = join(directory, 'reference_images', OTHER_USER)
  const outside = join(folder, 'outside')
  const picture = await goodPicture('png')
  for (const place of [own, other, outside, join(own, 'folder')]) await mkdir(place, { recursive: true })
  for (const place of [own, other, outside]) await writeFile(join(place, 'picture.png'), picture)
  await symlink(join(other, 'picture.png'), join(own, 'link-to-other.png'))
  await symlink(join(outside, 'picture.png'), join(own, 'link-outside.png'))
  await symlink(outside, join(own, 'link-folder'))
  await symlink('/nowhere', join(own, 'link-to-nothing.png'))
  await promisify(execFile)('mkfifo', [join(own, 'pipe')])
  const fetchReferences = createFetchReferences({
    staging: createDirectoryStaging(join(folder, 'staging')),
    store: createDirectoryStore({ directory, url: 'http://127.0.0.1', signingKey: 'signing-key-of-a-test' }),
    fetchUrl: createGuardedFetch({
      allowHosts,
      timeoutMs,
      maxBytes: 20 * 2 ** 20,
      resolve: hostileResolver(),
    }),
    buckets: referenceBuckets([]),
    limits: { maxBytes: 20 * 2 ** 20, maxPixels: 50_000_000 },
  })

  /** As a job names it: what planJob refuses is never fetched. */
  async function use(source: string): Promise<void> {
    const planned = planJob(payloadWith({ user_id: OWN_USER, config: { reference_image_url: source } }))
    if (!planned.ok) throw new JobFailure(planned.error.code, planned.error.message)
    await runActivity(fetchReferences, { userId: OWN_USER, sources: planned.plan.reference.sources })
  }
  return { folder, use, watch: await watchFolder(folder, ['staging']) }
}

async function endOf(work: Promise<void>): Promise<{ code: 'completed' | FailureCode; message: string }> {
  const message = await work.then(() => '', String)
  return { code: await ended(work), message }
}

test('every hostile source ends typed; nothing hidden is dialled, and nobody else’s file is opened', async () => {
  const hidden = await openRawServer(socket => void socket.end())
  const { dialled } = watchSockets()
  const { use, watch } = await openWorld()
  const otherwise: string[] = []
  for (const { source, ends } of HOSTILE_SOURCES) {
    const { code, message } = await endOf(use(source.replaceAll('{port}', String(hidden.port))))
    if (!ends.some(end => end === code)) otherwise.push(`${source}: ${code} ${message}`)
    expect(message.length).toBeLessThan(500)
  }
  expect(otherwise).toEqual([])
  expect(dialled).toEqual([])
  expect(hidden.connections()).toBe(0)
  expect(await watch.changes()).toEqual([])
})

test('a name whose answer turns from public to loopback is dialled as it was checked', async () => {
  const hidden = await openRawServer(socket => void socket.end())
  const { dialled } = watchSockets()
  const { use } = await openWorld()
  const { code } = await endOf(use(`http://turning.example:${hidden.port}/`))
  expect(code).toBe('reference_unreachable')
  expect(new Set(dialled)).toEqual(new Set([`3ffe::1:${hidden.port}`]))
  // Asked again it is loopback.
  expect((await endOf(use(`http://turning.example:${hidden.port}/`))).code).not.toBe('completed')
})

test('every hostile server ends typed, in time, and its visitor goes nowhere else', async () => {
  const hidden = await openRawServer(socket => void socket.end())
  const places = { hidden: hidden.host, own: '' }
  const server = await openRawServer((socket, path) => {
    HOSTILE_SERVERS.find(({ name }) => path.startsWith(name))?.answer(socket, places)
  })
  places.own = server.host
  const { dialled } = watchSockets()
  const patient = await openWorld({ allowHosts: [server.host], timeoutMs: AMPLE_MS })
  const impatient = await openWorld({ allowHosts: [server.host] })
  const roomMiB = process.resourceUsage().maxRSS / 1024 + 300
  const otherwise = await Promise.all(
    HOSTILE_SERVERS.map(async ({ name, ends, stalls }) => {
      const { use: visit } = stalls ? impatient : patient
      const { code, message } = await endOf(
        visit(`http://${server.host}/${encodeURIComponent(name)}?token=${TOKEN}`),
      )
      expect(message).not.toContain(TOKEN)
      expect(message.length).toBeLessThan(500)
      return ends.some(end => end === code) ? [] : [`${name}: ${message}`]
    }),
  )
  expect(otherwise.flat()).toEqual([])
  expect(new Set(dialled)).toEqual(new Set([server.host]))
  expect(hidden.connections()).toBe(0)
  expect(process.resourceUsage().maxRSS / 1024).toBeLessThan(roomMiB)
  expect(await patient.watch.changes()).toEqual([])
})

test('answers of any bytes end typed', async () => {
  let answer: Uint8Array = Buffer.alloc(0)
  const server = await openRawServer(socket => void socket.end(answer))
  const { use } = await openWorld({ allowHosts: [server.host] })
  const line = fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 302 Found',
      'HTTP/1.0 100',
      'location: http://169.254.169.254/',
      'location: ',
      'content-length: 5',
    ),
    fc.constantFrom(
      'content-length: 0x5',
      'transfer-encoding: chunked',
      'content-encoding: br',
      'content-encoding: gzip',
      'connection: upgrade',
      '',
      '',
      '5',
    ),
    fc.string({ maxLength: 30 }),
  )
  const text = fc.array(line, { maxLength: 8 }).map(lines => Buffer.from(lines.join('\r\n'), 'utf8'))
  const status = text.map(rest => Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), rest]))
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, status, fc.uint8Array({ maxLength: 500 })), async bytes => {
      answer = bytes
      expect((await endOf(use(`http://${server.host}/`))).code).toMatch(/^reference_/)
    }),
    fuzz(150),
  )
})

test('spellings of addresses and paths, mixed at random, end typed and reach nothing', async () => {
  const hidden = await openRawServer(socket => void socket.end())
  const { dialled } = watchSockets()
  const { use, watch } = await openWorld()
  const piece = fc.oneof(
    fc.constantFrom(
      'http://',
      'https://',
      'HTTP:',
      '//',
      '/',
      '\\',
      '@',
      ':',
      '?',
      '#',
      '.',
      '..',
      '%2e',
      '%2f',
      '%00',
      '[',
      ']',
    ),
    fc.constantFrom(
      '127.0.0.1',
      '127.1',
      '0x7f.1',
      '2130706433',
      '::1',
      '::ffff:127.0.0.1',
      'localhost',
      '169.254.169.254',
    ),
    fc.constantFrom(
      'reference_images',
      OWN_USER,
      OTHER_USER,
      'picture.png',
      'loopback.example',
      `:${hidden.port}`,
      'user:secret@',
    ),
  )
  const host = fc
    .tuple(fc.constantFrom('http://', 'https://'), fc.array(piece, { maxLength: 5 }))
    .map(([scheme, parts]) => scheme + parts.join(''))
  const any = fc.array(piece, { maxLength: 7 }).map(parts => parts.join(''))
  await fc.assert(
    fc.asyncProperty(fc.oneof(host, any), async source => {
      const { code } = await endOf(use(source))
      if (source.trim() !== '') expect(code).not.toBe('completed')
    }),
    fuzz(300),
  )
  expect(dialled).toEqual([])
  expect(await watch.changes()).toEqual([])
})
