import { wantedJob } from '../payloads.ts'
import type { FaultKind } from './kind.ts'

/** What an engine does wrong, by the wish of a job: once, or whenever it is tried. */
const WISHES = [
  ['kill:once', 2],
  ['kill', 1],
  ['crash:once', 2],
  ['exit_0:once', 2],
  ['exit_0', 1],
  ['hang:once', 1],
  ['no_file:once', 2],
  ['no_file', 1],
  ['truncated:once', 2],
  ['truncated', 1],
  ['flood:once', 2],
  ['flood', 1],
  ['oom:once', 2],
  ['oom', 1],
  ['cuda_error:once', 1],
] as const

export const WISHED: readonly FaultKind[] = WISHES.map(([wish, weight]) => ({
  name: `engine-${wish.replace(':', '-')}`,
  weight: weight * 0.8,
  async act({ world, stream, random }) {
    const job = wantedJob(random, world.pictures, wish)
    await stream.submit(job)
    return { target: job.submission.jobId, down: [], detail: `${job.submission.type} with ${wish}` }
  },
}))
