import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStore } from '../../assets/createStore.ts'
import type { ObjectStore } from '../../assets/store.ts'
import { JOB_TYPES, jobTypeNames } from '../../jobs/jobTypes.ts'
import type { Config } from '../../runtime/config.ts'
import { type Found, fail, ok, reasonOf } from './finding.ts'

interface Bucket {
  name: string
  /** What jobs put there: a bucket may be limited to some types. */
  contentTypes: string[]
}

const THUMBNAIL = 'image/webp'

/** One pixel: a bucket may be set to take pictures only. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** Whether the store answers, and takes, gives back and removes an object in each bucket that jobs write to. */
export async function checkStore({ store: settings, staging }: Config): Promise<Found[]> {
  const store = createStore(settings)
  await store.check()
  const buckets = bucketsOf(settings, staging)
  const directory = await mkdtemp(join(tmpdir(), 'ourvidz-doctor-'))
  try {
    const problems = await Promise.all(buckets.map(bucket => probe(store, bucket, directory)))
    return tell(settings, buckets, problems)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** A directory makes its buckets itself, so one stands for all. */
function bucketsOf(settings: Config['store'], staging: Config['staging']): Bucket[] {
  const ofTypes = jobTypeNames.map(name => ({
    name,
    contentTypes: [JOB_TYPES[name].medium === 'video' ? 'video/mp4' : 'image/png', THUMBNAIL],
  }))
  if (settings.kind === 'directory') return ofTypes.slice(0, 1)
  const named = settings.outputBuckets.map(name => ({
    name,
    contentTypes: ['image/png', 'video/mp4', THUMBNAIL],
  }))
  const staged =
    staging.kind === 'store' ? [{ name: staging.bucket, contentTypes: ['application/octet-stream'] }] : []
  return [...ofTypes, ...named, ...staged]
}

/** What goes wrong with an object of each type in a bucket; null if nothing does. */
async function probe(store: ObjectStore, { name: bucket, contentTypes }: Bucket, directory: string) {
  for (const contentType of contentTypes) {
    const ref = { bucket, path: `ourvidz-doctor/${randomUUID()}.${contentType.split('/')[1]}` }
    const [sent, got] = [join(directory, `${bucket}.sent`), join(directory, `${bucket}.got`)]
    try {
      await writeFile(sent, PIXEL)
      await store.putFile(ref, sent, { contentType })
      await store.getFile(ref, got, { maxBytes: 10 * PIXEL.length })
      if (!PIXEL.equals(await readFile(got))) return 'it gives back another file than it was given'
      await store.remove(bucket, [ref.path])
    } catch (error) {
      return `${reasonOf(error)} (${contentType})`
    }
  }
  return null
}

function tell(settings: Config['store'], buckets: Bucket[], problems: (string | null)[]): Found[] {
  const failed = buckets.flatMap(({ name }, at) => (problems[at] ? [{ name, problem: problems[at] }] : []))
  if (failed.length === 0) {
    const place = settings.kind === 'directory' ? settings.directory : settings.supabaseUrl
    return [
      ok(
        `${place}: ${buckets.length === 1 ? 'a file' : `a file in each of ${buckets.length} buckets`} written, read and removed`,
      ),
    ]
  }
  return failed.map(({ name, problem }) =>
    fail(
      `bucket ${name}: ${problem}${settings.kind === 'supabase' ? '; create it, let it take that type, or check the service role key' : ''}`,
    ),
  )
}
