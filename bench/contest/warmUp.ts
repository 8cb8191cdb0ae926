import type { RunningContender } from './contract.ts'
import { benchJob } from './scenarios/benchJob.ts'
import type { OpenWorld } from './world.ts'

const LIMIT_MS = 120_000

/** A job of each kind before the clock runs: programs that live for weeks are not measured while their code is compiled. */
export async function warmUp(opened: OpenWorld, running: RunningContender): Promise<void> {
  const types = ['sdxl_image_fast', 'sdxl_image_fast', 'sdxl_image_fast', 'image_fast', 'image_fast'] as const
  const jobs = types.map((type, index) => benchJob({ key: ['warm up', index], user: 'warm up', type }))
  const submitted = await Promise.all(jobs.map(job => opened.submit(running, job)))
  if (!(await opened.untilEnded(submitted, { timeoutMs: LIMIT_MS }))) {
    throw new Error('the contender did not end the jobs that should warm it up')
  }
  await opened.reset()
}
