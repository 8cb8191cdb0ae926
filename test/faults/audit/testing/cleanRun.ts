import { jobTypeNames } from '../../../../jobs/jobTypes.ts'
import type { FaultKind } from '../../kinds/kind.ts'
import { wantedJob } from '../../payloads.ts'
import { randomOf } from '../../random.ts'
import { runRound } from '../../round.ts'

/** One job each of two kinds, one that fails, and one whose first try makes no file. */
const WANTED = [
  { type: 'sdxl_image_fast', wish: null },
  { type: 'video_fast', wish: null },
  { type: 'image_fast', wish: 'engine_rejected' },
  { type: 'sdxl_image_high', wish: 'no_file:once' },
  { type: 'sdxl_image_fast', wish: 'crash:once' },
] as const

/** A run of the harness without any fault: real processes, a handful of jobs, and the evidence that is left of them. */
export async function recordCleanRun(directory: string) {
  let next = 0
  const submitting: FaultKind = {
    name: 'none',
    weight: 1,
    async act({ world, stream }) {
      const { type, wish } = WANTED[next++] ?? { type: jobTypeNames[0] ?? 'image_fast', wish: null }
      const job = threeImages(wantedJob(randomOf(9, 'wanted', next), world.pictures, wish, type))
      await stream.submit(job)
      return { target: '', down: [], detail: 'nothing is broken' }
    },
  }
  return runRound({
    directory,
    seed: 9,
    count: WANTED.length,
    choose: () => submitting,
    timeScale: 0.1,
    tell: () => {},
    signal: new AbortController().signal,
  })
}

/** Of pictures that SDXL makes: the order of several matters. */
function threeImages({ payload, submission }: ReturnType<typeof wantedJob>): ReturnType<typeof wantedJob> {
  if (!submission.type.startsWith('sdxl')) return { payload, submission }
  const config = { ...(typeof payload.config === 'object' ? payload.config : {}), num_images: 3 }
  return { payload: { ...payload, config }, submission: { ...submission, images: 3 } }
}
