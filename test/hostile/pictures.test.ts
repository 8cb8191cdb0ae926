import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFetchReferences } from '../../activities/fetchReferences.ts'
import { createPreprocessFrames } from '../../activities/preprocessFrames.ts'
import { createDirectoryStaging } from '../../assets/directoryStaging.ts'
import { createDirectoryStore } from '../../assets/directoryStore.ts'
import { createGuardedFetch } from '../../assets/guardedFetch.ts'
import { runActivity } from '../runActivity.ts'
import { temporaryDirectory } from '../temporaryDirectory.ts'
import { goodPicture, HOSTILE_PICTURES } from './corpus/pictures.ts'
import { watchFolder } from './folderWatch.ts'
import { ended, fuzz } from './fuzz.ts'
import { openRawServer } from './rawServer.ts'

const USER = '5f0c1d2e-3b4a-4c5d-9e6f-708192a3b4c5'
const LIMITS = { maxBytes: 20 * 2 ** 20, maxPixels: 50_000_000 }

/** A store with one picture of a user, and the two activities that make a frame of it. */
async function prepare(picture: Buffer) {
  const folder = await temporaryDirectory()
  const directory = join(folder, 'store')
  await mkdir(join(directory, 'reference_images', USER), { recursive: true })
  await writeFile(join(directory, 'reference_images', USER, 'picture'), picture)
  const staging = createDirectoryStaging(join(folder, 'staging'))
  const store = createDirectoryStore({
    directory,
    url: 'http://127.0.0.1',
    signingKey: 'signing-key-of-a-test',
  })
  const fetchUrl = createGuardedFetch({ allowHosts: [], timeoutMs: 1000, maxBytes: LIMITS.maxBytes })
  const fetchReferences = createFetchReferences({
    staging,
    store,
    fetchUrl,
    buckets: ['reference_images'],
    limits: LIMITS,
  })
  const preprocessFrames = createPreprocessFrames({ staging, letterbox: false, maxPixels: LIMITS.maxPixels })
  const sources = [{ role: 'single' as const, source: `reference_images/${USER}/picture` }]
  async function run(family: 'sdxl' | 'wan' = 'sdxl'): Promise<void> {
    const references = await runActivity(fetchReferences, { userId: USER, sources })
    await runActivity(preprocessFrames, { references, family, width: 832, height: 480 })
  }
  return { folder, run }
}

const rssMiB = () => process.resourceUsage().maxRSS / 1024

test.each(HOSTILE_PICTURES.map(entry => [entry.name, entry] as const))(
  '%s',
  async (_, { bytes: make, ends }) => {
    // Whoever dials it is counted: decoders too, of whose sockets Node knows nothing.
    const hidden = await openRawServer(socket => void socket.end())
    const bytes = await make(hidden.host)
    const { folder, run } = await prepare(bytes)
    const watch = await watchFolder(folder, ['staging'])
    const roomMiB = rssMiB() + 400
    for (const family of ['sdxl', 'wan'] as const) {
      expect(ends).toContain(await ended(run(family)))
    }
    expect(rssMiB()).toBeLessThan(roomMiB)
    expect(await watch.changes()).toEqual(
      bytes.length > 0 ? [`read store/reference_images/${USER}/picture`] : [],
    )
    expect(await readdir(join(folder, 'staging', '.scratch'))).toEqual([])
    expect(hidden.connections()).toBe(0)
  },
)

test('pictures with bytes changed, cut out, put in and cut off', async () => {
  const formats = ['png', 'jpeg', 'webp', 'gif', 'avif'] as const
  const good = await Promise.all(formats.map(format => goodPicture(format)))
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.oneof(fc.nat(4), fc.nat(2000)),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.constant(Buffer.alloc(4, 0xff)),
    ),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.nat(formats.length - 1),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      async (which, edits) => {
        let bytes = good[which] ?? Buffer.alloc(0)
        for (const { at, remove, put } of edits) {
          const from = Math.floor(at * bytes.length)
          bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + remove)])
        }
        const { run } = await prepare(bytes)
        expect(['completed', 'reference_corrupt', 'reference_not_image', 'reference_too_large']).toContain(
          await ended(run()),
        )
      },
    ),
    fuzz(120),
  )
})
