import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, onTestFinished, test } from 'vitest'
import { createDirectoryStaging } from '../assets/directoryStaging.ts'
import { createDirectoryStore } from '../assets/directoryStore.ts'
import { createGuardedFetch } from '../assets/guardedFetch.ts'
import type { ReferenceSource } from '../jobs/plan.ts'
import { referenceBuckets } from '../jobs/referenceSource.ts'
import { activityEnvironment, runActivity } from '../test/runActivity.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createFetchReferences } from './fetchReferences.ts'
import { createPreprocessFrames } from './preprocessFrames.ts'

const userId = '7f1dd7a5-34b3-44d0-a1b5-3f1b7a1f0a11'
const otherUser = '00000000-34b3-44d0-a1b5-3f1b7a1f0a11'
const maxPixels = 1_000_000

/** A picture on a web server, and one in a bucket under the user's folder. */
async function references() {
  const directory = await temporaryDirectory()
  const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'red' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
  const server = createServer((request, response) => {
    if (request.url === '/silent') return
    response.end(request.url === '/page' ? '<html>' : picture)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`

  const store = createDirectoryStore({
    directory: join(directory, 'store'),
    url: 'http://store',
    signingKey: 'key',
  })
  const file = join(directory, 'picture')
  await writeFile(file, picture)
  for (const user of [userId, otherUser]) {
    await store.putFile({ bucket: 'reference_images', path: `${user}/a.jpg` }, file, {
      contentType: 'image/jpeg',
    })
  }
  const staging = createDirectoryStaging(join(directory, 'staging'))
  const fetchUrl = createGuardedFetch({ allowHosts: [host], timeoutMs: 5000, maxBytes: 100_000 })
  const buckets = referenceBuckets(['my_bucket'])
  const fetchReferences = createFetchReferences({
    staging,
    store,
    fetchUrl,
    buckets,
    limits: { maxBytes: 100_000, maxPixels },
  })
  const environment = activityEnvironment()
  const run = (...sources: ReferenceSource[]) =>
    runActivity(fetchReferences, { userId, sources }, environment)
  return { url: `http://${host}`, picture, staging, environment, run }
}

test('a URL and an object path are staged as they are, in order, and become frames of the exact size', async () => {
  const { url, picture, staging, environment, run } = await references()
  const beats: unknown[] = []
  environment.on('heartbeat', beat => beats.push(beat))
  const staged = await run(
    { role: 'start', source: `${url}/a.jpg?token=x` },
    { role: 'end', source: `reference_images/${userId}/a.jpg` },
  )
  expect(staged).toMatchObject([
    { role: 'start', file: { bytes: picture.length, width: 200, height: 300 } },
    { role: 'end', file: { sha256: staged[0]?.file.sha256 } },
  ])
  expect(beats.length).toBeGreaterThan(0)
  expect(await readFile(await staging.open(staged[0]?.file.sha256 ?? ''))).toEqual(picture)

  const preprocessFrames = createPreprocessFrames({ staging, letterbox: false, maxPixels })
  const frames = await runActivity(preprocessFrames, {
    references: staged,
    family: 'wan',
    width: 480,
    height: 832,
  })
  expect(frames.map(({ role }) => role)).toEqual(['start', 'end'])
  for (const { file } of frames) {
    expect(await sharp(await staging.open(file.sha256)).metadata()).toMatchObject({
      format: 'png',
      width: 480,
      height: 832,
    })
  }
})

test.each([
  [`reference_images/${otherUser}/a.jpg`, 'reference_forbidden'],
  [`secret_bucket/${userId}/a.jpg`, 'reference_forbidden'],
  [`reference_images/${userId}/../${otherUser}/a.jpg`, 'reference_forbidden'],
  [`reference_images/${userId}/%2e%2e/${otherUser}/a.jpg`, 'reference_forbidden'],
  [`reference_images//${userId}/a.jpg`, 'reference_forbidden'],
  [`/reference_images/${userId}/a.jpg`, 'reference_forbidden'],
  [`reference_images/${userId}`, 'reference_forbidden'],
  ['/etc/passwd', 'reference_forbidden'],
  ['file:///etc/passwd', 'reference_forbidden'],
  ['http://127.0.0.1:1/a.jpg', 'reference_forbidden'],
  [`reference_images/${userId}/b.jpg`, 'reference_not_found'],
  [`video_fast/${userId}/b.mp4`, 'reference_not_found'],
  [`my_bucket/${userId}/b.png`, 'reference_not_found'],
])('%s: %s', async (source, code) => {
  const { run } = await references()
  const fetched = run({ role: 'end', source })
  await expect(fetched).rejects.toMatchObject({ code, message: expect.stringMatching(/^end reference: /) })
})

test('what is no picture is not staged', async () => {
  const { url, run, staging } = await references()
  await expect(run({ role: 'single', source: `${url}/page` })).rejects.toMatchObject({
    code: 'reference_not_image',
  })
  expect(await staging.collect({ ttlMs: -1, maxBytes: 0 })).toMatchObject({ removedFiles: 0 })
})

test('a cancelled fetch ends as cancelled', async () => {
  const { url, environment, run } = await references()
  setTimeout(() => environment.cancel(), 100)
  await expect(run({ role: 'single', source: `${url}/silent` })).rejects.toMatchObject({
    name: 'CancelledFailure',
  })
})
