import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { LANES } from '../../jobs/jobTypes.ts'
import { cpuMs, residentMib } from './processUse.ts'
import type { DepthFigures } from './scaleFigures.ts'
import { HOST, startScaleStack } from './scaleStack.ts'

const USERS = Array.from({ length: 25 }, () => randomUUID())
const CALLERS = 16
const WARM_UP = 40
const BATCHES = { count: 3, jobs: 30 }
const WINDOWS = { count: 4, jobs: 50 }
const NEWCOMERS = 21
/** As good as idle: polls and timers only. */
const QUIET = { cores: 0.25, seconds: 3, limitSeconds: 900 }

/** Everything that is measured with so many jobs waiting, on a pipeline of its own. */
export async function measureAtDepth(waiting: number, tell: (line: string) => void): Promise<DepthFigures> {
  let completed = 0
  let refill = false
  const ends = new Map<string, () => void>()
  const stack = await startScaleStack(({ status, jobId }) => {
    if (status !== 'completed' && status !== 'failed') return
    if (status === 'failed') throw new Error(`job ${jobId} failed`)
    const newcomer = jobId === null ? undefined : ends.get(jobId)
    newcomer?.()
    if (newcomer !== undefined) return
    completed += 1
    // As many wait as before, so that the depth stays what it is said to be.
    if (refill) void submit()
  })
  const { client, pids } = stack
  const all = [...pids.server, ...pids.control, ...pids.gpu]
  let submitted = 0

  async function submit(): Promise<void> {
    submitted += 1
    await client.submit(payloadOf(USERS[submitted % USERS.length] ?? randomUUID(), randomUUID()))
  }

  /** Jobs a second. */
  async function submitMany(count: number): Promise<number> {
    const startMs = performance.now()
    let left = count
    const caller = async () => {
      while (left-- > 0) await submit()
    }
    await Promise.all(Array.from({ length: CALLERS }, caller))
    return (count * 1000) / (performance.now() - startMs)
  }

  async function untilQuiet(): Promise<void> {
    let quiet = 0
    for (let second = 0; quiet < QUIET.seconds; second++) {
      const before = await cpuMs(all)
      await setTimeout(1_000)
      quiet = (await cpuMs(all)) - before < QUIET.cores * 1000 ? quiet + 1 : 0
      if (second > QUIET.limitSeconds) return tell('it does not become quiet: measured as it is')
    }
  }

  async function untilCompleted(count: number): Promise<void> {
    while (completed < count) await setTimeout(5)
  }

  async function newcomerMs(): Promise<number> {
    const id = randomUUID()
    const ended = new Promise<void>(resolve => ends.set(id, resolve))
    const startMs = performance.now()
    await client.submit(payloadOf(randomUUID(), id))
    await ended
    return performance.now() - startMs
  }

  try {
    await submitMany(WARM_UP)
    await untilCompleted(WARM_UP)
    await client.card(HOST).pause(...LANES)
    const startMs = performance.now()
    await submitMany(waiting - BATCHES.count * BATCHES.jobs)
    const fillSeconds = (performance.now() - startMs) / 1000
    tell(`${waiting} waiting: filled in ${fillSeconds.toFixed(1)} s`)
    await untilQuiet()
    const submitPerSecond: number[] = []
    for (let batch = 0; batch < BATCHES.count; batch++) {
      submitPerSecond.push(await submitMany(BATCHES.jobs))
      await untilQuiet()
    }
    const serverMib = [await residentMib(pids.server)]
    const controlMib = [await residentMib(pids.control)]
    const gpuMib = [await residentMib(pids.gpu)]
    tell(`${waiting} waiting: ${submitPerSecond.map(rate => rate.toFixed(0)).join(', ')} submitted a second`)

    refill = true
    await client.card(HOST).resume(...LANES)
    await untilCompleted(completed + WINDOWS.jobs)
    const cpuMsPerJob: number[] = []
    for (let window = 0; window < WINDOWS.count; window++) {
      const [beforeMs, before] = [await cpuMs(all), completed]
      await untilCompleted(before + WINDOWS.jobs)
      cpuMsPerJob.push(((await cpuMs(all)) - beforeMs) / (completed - before))
    }
    const latencies: number[] = []
    for (let index = 0; index < NEWCOMERS; index++) latencies.push(await newcomerMs())
    refill = false
    tell(`${waiting} waiting: ${cpuMsPerJob.map(ms => ms.toFixed(0)).join(', ')} ms of CPU a job`)
    return {
      ...{ waiting, fillSeconds, submitPerSecond, serverMib, controlMib, gpuMib },
      ...{ newcomerMs: latencies, cpuMsPerJob },
    }
  } finally {
    refill = false
    await stack.stop()
  }
}

function payloadOf(userId: string, id: string) {
  const config = { size: '512*512', num_images: 1, seed: 7 }
  const prompt = 'a lighthouse at dusk'
  return { id, user_id: userId, type: 'sdxl_image_fast', prompt, config, metadata: {} }
}
