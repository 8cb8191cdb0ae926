import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import sharp from 'sharp'
import type { StoredLine, SubmissionLine } from '../../evidence.ts'
import { cutInHalf, type Doctor, move } from '../doctored.ts'
import { type Case, forgetResults } from './case.ts'

function objectOf({ bucket, userId, jobId }: SubmissionLine, name: string) {
  return { bucket, path: `${userId}/${jobId}/${name}` }
}

const is = (wanted: { bucket: string; path: string }) => (line: StoredLine) =>
  line.bucket === wanted.bucket && line.path === wanted.path

/** Makes the list fit the bytes that are there now, as a store does that was given half a file. */
async function relist(doctor: Doctor, object: { bucket: string; path: string }): Promise<void> {
  const bytes = await readFile(doctor.object(object))
  await doctor.edit('store.json', lines =>
    lines.map(line =>
      is(object)(line)
        ? { ...line, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
        : line,
    ),
  )
}

async function addObject(doctor: Doctor, like: StoredLine | undefined, to: { bucket: string; path: string }) {
  if (like === undefined) throw new Error('no such object')
  await mkdir(dirname(doctor.object(to)), { recursive: true })
  await copyFile(doctor.object(like), doctor.object(to))
  await doctor.edit('store.json', lines => [...lines, { ...like, ...to }])
}

/** The reference picture of a user. */
async function referenceIn(doctor: Doctor): Promise<StoredLine> {
  const reference = (await doctor.read('store.json')).find(({ bucket }) => bucket === 'reference_images')
  if (reference === undefined) throw new Error('no reference pictures')
  return reference
}

async function firstObject(doctor: Doctor, { bucket, jobId }: SubmissionLine) {
  return (await doctor.read('store.json')).find(line => line.bucket === bucket && line.path.includes(jobId))
}

async function truncated(doctor: Doctor, job: SubmissionLine, name: string): Promise<void> {
  const object = objectOf(job, name)
  await cutInHalf(doctor.object(object))
  await relist(doctor, object)
  await forgetResults(doctor, job)
}

export const OBJECT_CASES: Case[] = [
  ...['1.png', '2.thumb.webp'].map(
    (name): Case => ({
      what: `${name} is gone`,
      finds: ['asset-missing'],
      async change(doctor, { pictures }) {
        const object = objectOf(pictures, name)
        await rm(doctor.object(object))
        await doctor.edit('store.json', lines => lines.filter(line => !is(object)(line)))
      },
    }),
  ),
  ...['0.png', '0.thumb.webp'].map(
    (name): Case => ({
      what: `half of ${name} is there`,
      finds: ['asset-damaged'],
      change: (doctor, { pictures }) => truncated(doctor, pictures, name),
    }),
  ),
  {
    what: 'half of a video is there',
    finds: ['asset-damaged'],
    change: (doctor, { video }) => truncated(doctor, video, '0.mp4'),
  },
  {
    what: 'the last bytes of a picture are missing',
    finds: ['asset-damaged'],
    async change(doctor, { pictures }) {
      const object = objectOf(pictures, '0.png')
      const { size } = await stat(doctor.object(object))
      const bytes = await readFile(doctor.object(object))
      await writeFile(doctor.object(object), bytes.subarray(0, size - 40))
      await relist(doctor, object)
      await forgetResults(doctor, pictures)
    },
  },
  {
    what: 'two pictures have changed places',
    finds: ['asset-damaged'],
    async change(doctor, { pictures }) {
      const [first, second] = [objectOf(pictures, '0.png'), objectOf(pictures, '1.png')]
      await move(doctor.object(first), `${doctor.directory}/between`)
      await move(doctor.object(second), doctor.object(first))
      await move(`${doctor.directory}/between`, doctor.object(second))
      await relist(doctor, first)
      await relist(doctor, second)
    },
  },
  {
    what: 'a picture has another size than was asked for',
    finds: ['asset-damaged'],
    async change(doctor, { pictures }) {
      const object = objectOf(pictures, '0.png')
      const small = await sharp(doctor.object(object)).resize(64, 64).png().toBuffer()
      await writeFile(doctor.object(object), small)
      await relist(doctor, object)
      await forgetResults(doctor, pictures)
    },
  },
  {
    what: 'a video has fewer frames than was asked for',
    finds: ['asset-damaged'],
    async change(doctor, { video }) {
      await doctor.edit('submissions.jsonl', lines =>
        lines.map(line => (line.jobId === video.jobId ? { ...line, frames: line.frames + 4 } : line)),
      )
    },
  },
  {
    what: 'an asset lies in the folder of another user',
    finds: ['asset-misplaced', 'asset-missing'],
    async change(doctor, { pictures }) {
      const object = objectOf(pictures, '0.png')
      const elsewhere = { ...object, path: object.path.replace(pictures.userId, 'somebody') }
      await move(doctor.object(object), doctor.object(elsewhere))
      await doctor.edit('store.json', lines =>
        lines.map(line => (is(object)(line) ? { ...line, ...elsewhere } : line)),
      )
    },
  },
  {
    what: 'an asset lies in a second bucket too',
    finds: ['asset-misplaced'],
    change: async (doctor, { pictures, video }) =>
      addObject(doctor, await firstObject(doctor, pictures), {
        ...objectOf(pictures, '0.png'),
        bucket: video.bucket,
      }),
  },
  {
    what: 'a completed job has one asset too many',
    finds: ['asset-misplaced'],
    change: async (doctor, { pictures }) =>
      addObject(doctor, await firstObject(doctor, pictures), objectOf(pictures, '7.png')),
  },
  {
    what: 'an object has no path of a job',
    finds: ['asset-misplaced'],
    change: async (doctor, { pictures }) =>
      addObject(doctor, await firstObject(doctor, pictures), { bucket: pictures.bucket, path: 'lost.png' }),
  },
  {
    what: 'a failed job has left an object',
    finds: ['asset-orphaned'],
    change: async (doctor, { pictures, failed }) =>
      addObject(doctor, await firstObject(doctor, pictures), objectOf(failed, '0.png')),
  },
  {
    what: 'an object of a job that nobody knows',
    finds: ['asset-orphaned'],
    change: async (doctor, { pictures }) =>
      addObject(doctor, await firstObject(doctor, pictures), {
        bucket: pictures.bucket,
        path: `${pictures.userId}/00000000-0000-4000-8000-000000000000/0.png`,
      }),
  },
  {
    what: 'a reference picture of a user is gone',
    finds: ['object-touched'],
    async change(doctor) {
      const reference = await referenceIn(doctor)
      await doctor.edit('store.json', lines => lines.filter(line => !is(reference)(line)))
    },
  },
  {
    what: 'a reference picture of a user has other bytes',
    finds: ['object-touched'],
    async change(doctor) {
      const reference = await referenceIn(doctor)
      await doctor.edit('store.json', lines =>
        lines.map(line => (is(reference)(line) ? { ...line, sha256: '0'.repeat(64) } : line)),
      )
    },
  },
  {
    what: 'an object lies among the reference pictures that nobody has put there',
    finds: ['object-touched'],
    async change(doctor) {
      const to = { bucket: 'reference_images', path: 'somebody/else.png' }
      await addObject(doctor, await referenceIn(doctor), to)
    },
  },
]
