import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { ObjectStore } from '../assets/store.ts'
import { jobTypeNames } from '../jobs/jobTypes.ts'

const EXAMPLES = new URL('../examples/', import.meta.url)
const PICTURES = new URL('./pictures/', EXAMPLES)
const PICTURE_BUCKET = 'reference_images'

/** The user of all examples: references must lie under the job's own user. */
const EXAMPLE_USER = 'd3a0d3a0-0000-4000-8000-000000000001'

const exampleSchema = z.looseObject({
  id: z.uuid(),
  user_id: z.literal(EXAMPLE_USER),
  type: z.enum(jobTypeNames),
})
export type ExampleJob = z.infer<typeof exampleSchema>

/** Puts the pictures that the examples refer to where they look for them. */
export async function putExamplePictures(store: ObjectStore): Promise<void> {
  for (const name of await readdir(PICTURES)) {
    await store.putFile(
      { bucket: PICTURE_BUCKET, path: `${EXAMPLE_USER}/${name}` },
      fileURLToPath(new URL(name, PICTURES)),
      { contentType: name.endsWith('.png') ? 'image/png' : 'image/jpeg' },
    )
  }
}

/** The examples as new jobs: with ids of their own, and with the store's present address in their URLs. */
export async function newExampleJobs(store: ObjectStore): Promise<ExampleJob[]> {
  const names = (await readdir(EXAMPLES)).filter(name => name.endsWith('.json'))
  const jobs = await Promise.all(
    names.map(async name => {
      const text = await readFile(new URL(name, EXAMPLES), 'utf8')
      // Without its ending: the plain example of a type comes before its variants.
      return {
        name: name.slice(0, -'.json'.length),
        job: exampleSchema.parse(JSON.parse(withPresentUrls(text, store))),
      }
    }),
  )
  const rank = ({ job }: (typeof jobs)[number]) => jobTypeNames.indexOf(job.type)
  return jobs
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .map(({ job }) => ({ ...job, id: randomUUID() }))
}

/** Signed for the usual port and key, the URLs in the examples work as they stand; another store needs its own. */
function withPresentUrls(text: string, store: ObjectStore): string {
  return text.replaceAll(
    /http:\/\/127\.0\.0\.1:8788\/([\w-]+)\/([\w./-]+)\?[^"]*/g,
    (_url, bucket: string, path: string) => store.publicUrl({ bucket, path }),
  )
}
