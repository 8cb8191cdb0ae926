import { setTimeout as sleep } from 'node:timers/promises'
import { type WantedJob, wantedJob } from '../payloads.ts'
import { loseStaged, PICTURE_BUCKET, putPictures, removePictures } from '../world/referenceLibrary.ts'
import type { FaultKind, Outcome, Stage } from './kind.ts'

type Mode = (stage: Stage) => Promise<Partial<Outcome>>

/** Where a reference can vanish from: the web, the store, and the pipeline's own copies of either. */
const MODES: Record<string, Mode> = {
  'url-gone': stage => webServer(stage, 'gone'),
  'url-down': stage => webServer(stage, 'down'),
  'path-gone': pathGone,
  'path-gone-for-good': pathGoneForGood,
  'staged-gone': stagedGone,
}

export const REFERENCES: readonly FaultKind[] = [
  {
    name: 'references-vanish',
    weight: 5,
    async act(stage) {
      const [name, act] = stage.random.pick(Object.entries(MODES))
      const { detail, ...outcome } = await act(stage)
      return {
        ...{ target: 'references', down: ['references'], ...outcome },
        detail: detail === undefined ? name : `${name}: ${detail}`,
      }
    },
  },
]

async function webServer({ world, random }: Stage, mode: 'gone' | 'down') {
  world.pictures.set(mode)
  await sleep(random.int(500, 3000))
  world.pictures.set('pass')
  return {}
}

async function pathGone({ world, random }: Stage) {
  const { objects, pictures } = world
  try {
    await removePictures(objects, pictures)
    await sleep(random.int(500, 3000))
  } finally {
    await putPictures(objects, pictures)
  }
  return {}
}

/** A user deletes the picture of a job just submitted. Nobody else misses it, so it excuses nobody else. */
async function pathGoneForGood({ world, stream, random }: Stage) {
  const { objects, pictures } = world
  const name = `${random.uuid()}.png`
  const job = jobWithPath({ world, stream, random }, name)
  const { jobId, userId, type } = job.submission
  const path = `${userId}/${name}`
  const bytes = pictures.bytesOf(random.pick(pictures.names))
  // Before it is looked for, or while it is, or when it may be needed again.
  const afterMs = random.pick([null, 0, random.int(50, 1500)])
  await objects.put(PICTURE_BUCKET, path, bytes)
  if (afterMs === null) await objects.remove(PICTURE_BUCKET, [path])
  await stream.submit(job)
  if (afterMs !== null) {
    await sleep(afterMs)
    await objects.remove(PICTURE_BUCKET, [path])
  }
  const when = afterMs === null ? 'before its submission' : `${afterMs} ms after its submission`
  return { target: jobId, down: [], detail: `${type}, ${when}` }
}

function jobWithPath({ world, random }: Stage, name: string): WantedJob {
  for (;;) {
    const job = wantedJob(random, { ...world.pictures, names: [name] })
    if (job.submission.referenceKind === 'path') return job
  }
}

async function stagedGone({ world }: Stage) {
  const workers = [...world.controls, ...world.hosts]
  const files = await loseStaged(
    world.objects,
    workers.map(({ dataDir }) => dataDir),
  )
  return { hit: files > 0, detail: `${files} files` }
}
