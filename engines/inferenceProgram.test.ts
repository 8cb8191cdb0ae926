import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createStrideTurnstile } from '../gpu/strideTurnstile.ts'
import type { TurnPort, Turnstile } from '../gpu/turnstile.ts'
import type { Lane } from '../jobs/jobTypes.ts'
import type { RenderProgress } from '../jobs/status.ts'
import { WITHHELD } from '../jobs/textCensor.ts'
import type { EngineTask } from './engineRun.ts'
import type { InferenceProgram } from './inferenceProgram.ts'
import { createProgramHarness, renderJob } from './testing/programHarness.ts'

let harness: ReturnType<typeof createProgramHarness>
let outDir: string

beforeEach(async () => {
  harness = createProgramHarness()
  outDir = await mkdtemp(join(tmpdir(), 'program-'))
})

afterEach(async () => {
  expect(await harness.leftovers()).toEqual([])
  await rm(outDir, { recursive: true })
})

function task(simulate: string | null = null, more: Partial<EngineTask> = {}): EngineTask {
  return { id: randomUUID(), lane: 'sdxl', job: renderJob(simulate), outDir, cardSecondsLimit: 60, ...more }
}

/** Runs a job and gives its progress as it comes, so that a test can wait for a moment in it. */
function follow(program: InferenceProgram, what: EngineTask) {
  const seen: RenderProgress[] = []
  const controller = new AbortController()
  const held = Promise.withResolvers<void>()
  const result = program.run(what, {
    signal: controller.signal,
    onProgress(progress) {
      seen.push(progress)
      if (progress.step > 0) held.resolve()
    },
  })
  result.catch(() => {})
  return { result, seen, cancel: (why: unknown) => controller.abort(why), rendering: held.promise }
}

const failsWith = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message ? { message: expect.stringMatching(message) } : {}) })

describe('a life', () => {
  it('starts, runs a job on the card, and stops', async () => {
    const program = harness.program()
    expect(await program.start()).toMatchObject({ name: 'scripted', device: 'paper', version: '1.2.3' })
    const { result, seen } = follow(program, task('', { job: renderJob('', { images: 3 }) }))
    const done = await result
    expect(done.artifacts.map(({ seed }) => seed)).toEqual([7, 8, 9])
    expect(await readFile(done.artifacts[2]?.path ?? '', 'utf8')).toContain('seed 9')
    expect(done).toMatchObject({ peakMiB: 100, totalMiB: 1000, engine: { name: 'scripted' } })
    expect(seen[0]).toEqual({ phase: 'waiting for the card', step: 0, total: 0, held: false })
    expect(seen.at(-1)).toEqual({ phase: 'rendering', step: 4, total: 4, held: true })
    expect(program.state()).toMatchObject({ status: 'ready', tasks: 0, crashes: 0 })
    await program.stop(2_000)
    expect(program.state().status).toBe('stopped')
    await expect(program.run(task())).rejects.toEqual(failsWith('engine_crashed'))
  })

  it('starts no other program before the memory of the dead one is gone', async () => {
    const gone = Promise.withResolvers<void>()
    const dead: (number | null)[] = []
    const program = harness.program('normal', {
      afterDeath: pid => {
        dead.push(pid)
        return gone.promise
      },
    })
    const { pid } = await program.start()
    const next = program.run(task('')).catch(() => {})
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => dead).toEqual([pid])
    await pause(300)
    expect(harness.alive()).toEqual([])
    gone.resolve()
    await next
    await expect.poll(() => program.state().status).toBe('ready')
  })

  it('logs what the program warns of, without the words of a prompt', async () => {
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: line => void lines.push(line) })
    await harness.program('normal', { log }).run(task('warn'))
    const warnings = lines.map(line => JSON.parse(line).warning)
    expect(warnings).toEqual([
      `slower than it could be, for ${WITHHELD}`,
      expect.stringMatching(/^(trace ){600}/),
    ])
    expect(warnings[1]).toHaveLength(4_000)
  })

  it('gives the program the environment that was named and nothing of ours', async () => {
    process.env.OUR_SECRET_OF_TEST = 'hidden'
    const program = harness.program('normal')
    const job = {
      kind: 'enhance',
      prompt: 'a lighthouse',
      medium: 'image',
      expectedSeconds: 1,
      simulate: null,
    } as const
    const { text } = await program.run(task(null, { lane: 'wan.enhance', outDir: null, job }))
    delete process.env.OUR_SECRET_OF_TEST
    const told: unknown = JSON.parse(text ?? '')
    expect(told).toEqual({ prompt: 'a lighthouse', env: { OURVIDZ_TEST_MARK: expect.any(String) } })
  })

  it('lets one lane compute at a time and counts the wait', async () => {
    const perJob = (port: TurnPort) => createStrideTurnstile(port, { turns: 'job' })
    const { order, video, image, seen } = await imageDuringVideo(perJob)
    expect(order).toEqual(['wan.video', 'sdxl'])
    expect(image.waitMs).toBeGreaterThan(50)
    expect(video.heldMs).toBeGreaterThan(200)
    expect(seen.filter(({ held }) => !held).every(({ phase }) => phase === 'waiting for the card')).toBe(true)
  })

  it('lets an image cut into a video at its next gate', async () => {
    const { order, video, image } = await imageDuringVideo(createStrideTurnstile)
    expect(order).toEqual(['sdxl', 'wan.video'])
    expect(video.heldMs).toBeGreaterThan(200)
    expect(video.waitMs).toBeGreaterThanOrEqual(image.heldMs / 2)
  })

  async function imageDuringVideo(createTurnstile: (port: TurnPort) => Turnstile) {
    const program = harness.program('normal', { createTurnstile })
    await program.start()
    const first = follow(program, task('slow:60', { lane: 'wan.video' }))
    await first.rendering
    const second = follow(program, task('', { lane: 'sdxl' }))
    const order: Lane[] = []
    const noted = (lane: Lane) => () => order.push(lane)
    const [video, image] = await Promise.all([
      first.result.finally(noted('wan.video')),
      second.result.finally(noted('sdxl')),
    ])
    return { order, video, image, seen: second.seen }
  }

  it('takes the turn back from a lane that gives it up by itself', async () => {
    const program = harness.program()
    const jobs = (['sdxl', 'wan.image', 'wan.video'] as const).map(lane =>
      program.run(task('polite', { lane })),
    )
    for (const { artifacts } of await Promise.all(jobs)) expect(artifacts).toHaveLength(1)
  })

  it("sends a lane's next job while the files of the one before are made", async () => {
    const program = harness.program()
    const order: string[] = []
    const run = (id: string, simulate: string) =>
      program.run(task(simulate, { id })).then(() => order.push(id))
    await Promise.all([run('first', 'encode:1500'), run('second', '')])
    expect(order).toEqual(['second', 'first'])
  })

  it('stops a program that was never started, and one that ignores every request to stop', async () => {
    await harness.program().stop(100)
    const deaf = harness.program('deaf')
    await deaf.start()
    await deaf.stop(100)
    expect(harness.alive()).toEqual([])
  })

  it('tells of a program that does not end though it was killed', async () => {
    const unending = Promise.withResolvers<void>()
    const limits = { silenceMs: 300, reapMs: 200, killGraceMs: 2_500 }
    const program = harness.program('deaf', { ...limits, onUnending: unending.resolve })
    const holding = follow(program, task('mute'))
    await holding.rendering
    await unending.promise
    expect(program.state().status).toBe('dying')
    expect(harness.alive()).toHaveLength(1)
    // This one ends after all.
    await expect(holding.result).rejects.toEqual(failsWith('engine_silent'))
  })

  it('takes the program along when our process ends without stopping it', async () => {
    const host = fileURLToPath(new URL('testing/exitingHost.ts', import.meta.url))
    await promisify(execFile)(process.execPath, [host, harness.mark], { timeout: 30_000 })
    await expect.poll(() => harness.alive(), { timeout: 5_000 }).toEqual([])
  })

  it('ends what is running when it is stopped, retryably', async () => {
    const program = harness.program()
    const running = follow(program, task('hold'))
    await running.rendering
    const waiting = follow(program, task())
    await program.stop(2_000)
    await expect(running.result).rejects.toEqual(failsWith('engine_crashed', /was stopped/))
    await expect(waiting.result).rejects.toEqual(failsWith('engine_crashed', /being stopped/))
  })
})

it('a job that wants the card again once it has released it does not get it', async () => {
  const program = harness.program()
  const greedy = program.run(task('greedy:200'))
  const next = program.run(task(null, { lane: 'wan.video' }))
  expect((await greedy).peakMiB).toBe(100)
  expect((await next).peakMiB).toBe(100)
})

describe('a start that fails', () => {
  const startOf = (start: string, options = {}) =>
    harness.program(start, { respawn: { breakerCrashes: 1 }, ...options }).start()

  it('is told with its reason', async () => {
    await expect(startOf('other-version')).rejects.toEqual(
      failsWith('engine_crashed', /version 99 of the protocol, not 1/),
    )
    await expect(startOf('crash')).rejects.toEqual(
      failsWith('engine_crashed', /exit code 7.*no CUDA-capable/s),
    )
    await expect(startOf('never-ready', { startTimeoutMs: 1_000 })).rejects.toEqual(
      failsWith('engine_crashed', /not ready after 1000 ms/),
    )
    await expect(startOf('', { command: '/nonexistent/program' })).rejects.toEqual(
      failsWith('engine_crashed', /could not be started.*ENOENT/s),
    )
  })

  it.each([
    ['does not stop when it is told to', 'loading', true],
    ['reports an error of the card', 'fail:cuda_error', false],
    ['reports it with its last breath', 'late-words', false],
  ])(
    'a job that %s has its program killed, and another that computes begins anew',
    async (_, script, cancelled) => {
      const program = harness.program()
      const run = (id: string, lane: Lane, simulate: string, signal?: AbortSignal) =>
        program.run(
          { id, lane, job: renderJob(simulate), outDir: null, cardSecondsLimit: 60 },
          signal ? { signal } : {},
        )
      const innocent = run('innocent', 'wan.video', 'slow:300')
      await expect.poll(() => program.tasks().holder?.lane).toBe('wan.video')
      const { pid } = program.state().info ?? {}
      const controller = new AbortController()
      const culprit = run('culprit', 'sdxl', script, controller.signal)
      culprit.catch(() => {})
      await expect.poll(() => program.tasks().running.get('sdxl') ?? cancelled).toBeTruthy()
      if (cancelled) controller.abort(new Error('cancelled'))
      await expect(culprit).rejects.toMatchObject(
        cancelled ? { message: 'cancelled' } : { code: 'gpu_error' },
      )
      expect((await innocent).peakMiB).toBe(100)
      expect(program.state().info?.pid).not.toBe(pid)
    },
  )

  it('a job that has not had the card begins anew where the program dies over the files of the one before', async () => {
    const program = harness.program()
    const controller = new AbortController()
    const maker = program.run(task('exit-with-next', { id: 'maker' }))
    const next = program.run(task('loading', { id: 'next' }), { signal: controller.signal })
    const ended = next.catch((error: Error) => error.message)
    await expect(maker).rejects.toMatchObject({ code: 'engine_crashed' })
    await expect.poll(() => [...program.tasks().running.values()].flat()).toEqual(['next'])
    controller.abort(new Error('cancelled'))
    expect(await ended).toBe('cancelled')
  })

  it('a job whose program died of another begins anew only when it is still counted on', async () => {
    const program = harness.program()
    const lives = Promise.withResolvers<void>()
    const run = (lane: Lane, simulate: string, confirm?: () => Promise<void>) =>
      program.run(
        { id: lane, lane, job: renderJob(simulate), outDir: null, cardSecondsLimit: 60 },
        confirm ? { confirm } : {},
      )
    const counted = run('wan.video', 'slow:300', () => lives.promise)
    await expect.poll(() => program.tasks().holder?.lane).toBe('wan.video')
    const given = run('wan.image', '', () => Promise.reject(new Error('another machine has it')))
    given.catch(() => {})
    await expect.poll(() => program.tasks().running.has('wan.image')).toBe(true)
    await expect(run('sdxl', 'crash')).rejects.toMatchObject({ code: 'engine_crashed' })
    await expect(given).rejects.toThrow('another machine has it')
    await expect.poll(() => program.state().status, { timeout: 10_000 }).toBe('ready')
    await run('sdxl', '')
    expect(program.tasks().waiting.get('wan.video')).toEqual(['wan.video'])
    lives.resolve()
    expect((await counted).peakMiB).toBe(100)
  })

  it('takes the lane out of service whose jobs kill it again and again; the others go on, and its own jobs wait', async () => {
    const program = harness.program('normal', {
      respawn: { backoffMs: 1, backoffMaxMs: 1, breakerCrashes: 100 },
      laneBreaker: { crashes: 2, cooldownMs: 1_500 },
    })
    const run = (id: string, lane: Lane, simulate: string) =>
      program.run({ id, lane, job: renderJob(simulate), outDir: null, cardSecondsLimit: 60 })
    for (const id of ['one', 'one', 'one']) {
      await expect(run(id, 'wan.video', 'crash')).rejects.toMatchObject({ code: 'engine_crashed' })
    }
    // One that does so again and again is set aside by itself.
    expect(program.state().outOfService).toEqual([])
    await expect(run('two', 'wan.video', 'crash')).rejects.toMatchObject({ code: 'engine_crashed' })
    expect(program.state().outOfService).toEqual(['wan.video'])
    const waits = run('three', 'wan.video', '')
    await run('image', 'sdxl', '')
    expect(program.tasks().waiting.get('wan.video')).toEqual(['three'])
    await waits
    expect(program.state().outOfService).toEqual([])
    // One that succeeds has mended it: two more crashes are needed.
    await expect(run('four', 'wan.video', 'crash')).rejects.toMatchObject({ code: 'engine_crashed' })
    expect(program.state().outOfService).toEqual([])
  })

  it('tries such a lane again only after the others had the program for a while, and each time for longer', async () => {
    const program = harness.program('slow', {
      respawn: { backoffMs: 1, backoffMaxMs: 1, breakerCrashes: 100 },
      laneBreaker: { crashes: 2, cooldownMs: 300 },
    })
    const run = (lane: Lane, simulate: string) =>
      program.run({ id: randomUUID(), lane, job: renderJob(simulate), outDir: null, cardSecondsLimit: 60 })
    let finished = false
    // Four steps, longer than the first cool-downs.
    const innocent = run('wan.video', 'slow:200').finally(() => {
      finished = true
    })
    let crashes = 0
    while (!finished) {
      const outcome = await Promise.race([run('sdxl', 'crash').catch(() => 'crashed'), innocent])
      if (outcome === 'crashed') crashes += 1
    }
    expect((await innocent).peakMiB).toBe(100)
    expect(crashes).toBeLessThan(7)
  })

  it('counts a job of its lane that hangs, though it was told to stop', async () => {
    const program = harness.program('normal', { laneBreaker: { crashes: 2, cooldownMs: 60_000 } })
    const run = () =>
      program.run({
        ...{ id: randomUUID(), lane: 'sdxl', outDir: null },
        ...{ job: renderJob('hang'), cardSecondsLimit: 0.2 },
      })
    for (const _ of [1, 2]) await expect(run()).rejects.toMatchObject({ code: 'card_seconds_exceeded' })
    expect(program.state().outOfService).toEqual(['sdxl'])
  })

  it('opens the breaker after some crashes in a row: the pause is long, and jobs wait', async () => {
    const respawn = { backoffMs: 1, breakerCrashes: 3, breakerWindowMs: 60_000, breakerCooldownMs: 1_500 }
    const program = harness.program('crash', { respawn })
    const waiting = follow(program, task())
    await expect.poll(() => program.state().status, { timeout: 10_000 }).toBe('broken')
    expect(program.state()).toMatchObject({
      crashes: 3,
      tasks: 1,
      lastDeath: expect.stringContaining('exit code 7'),
    })
    await expect.poll(() => program.state().crashes, { timeout: 10_000 }).toBe(4)
    expect(program.state().tasks).toBe(1)
    await program.stop(100)
    await expect(waiting.result).rejects.toEqual(failsWith('engine_crashed'))
  })
})

describe('a job that fails', () => {
  it.each([
    ['invalid_input', 'engine_rejected'],
    ['oom', 'out_of_memory'],
    ['model_missing', 'model_missing'],
    ['disk_full', 'disk_full'],
    ['internal', 'engine_internal'],
    ['cancelled', 'engine_internal'],
  ])('%s is told as %s, and the program lives on', async (code, expected) => {
    const program = harness.program()
    const { pid } = await program.start()
    await expect(program.run(task(`fail:${code}`))).rejects.toEqual(failsWith(expected))
    await program.run(task())
    expect(program.state().info?.pid).toBe(pid)
  })

  it('cuda_error replaces the program', async () => {
    const program = harness.program()
    const { pid } = await program.start()
    await expect(program.run(task('fail:cuda_error'))).rejects.toEqual(failsWith('gpu_error'))
    await program.run(task())
    expect(program.state().info?.pid).not.toBe(pid)
    expect(program.state().crashes).toBe(0)
  })

  it('refuses more files than were asked for', async () => {
    const program = harness.program()
    await expect(program.run(task('one-too-many'))).rejects.toEqual(failsWith('engine_output_invalid'))
  })
})

describe('a program that dies', () => {
  it('fails what it was doing with the last lines of its stderr, keeps what waits, and is started again', async () => {
    const program = harness.program()
    await program.start()
    const other = follow(program, task('hold', { lane: 'wan.video' }))
    await other.rendering
    const crashing = follow(program, task('crash', { lane: 'sdxl' }))
    const waiting = follow(program, task('', { lane: 'sdxl', id: 'waiting' }))
    await expect.poll(() => program.state().tasks).toBe(3)
    other.cancel(new Error('not this one'))
    const failure = await crashing.result.catch(error => error)
    expect(failure).toEqual(failsWith('engine_crashed', /exit code 3/))
    expect(failure.message).toContain('stderr line 80')
    expect(failure.message).not.toContain('stderr line 30\n')
    expect((await waiting.result).artifacts).toHaveLength(1)
  })

  it.each([
    ['exit-0', /ended by itself.*exit code 0/],
    ['garbage', /20 lines that are no events/],
    ['long-line', /longer than 1 MiB/],
    ['child', /exit code 4/],
  ])('after %s says why', async (script, why) => {
    const program = harness.program()
    await expect(program.run(task(script))).rejects.toEqual(failsWith('engine_crashed', why))
    expect((await program.run(task())).artifacts).toHaveLength(1)
  })

  it('is killed when it says nothing at all', async () => {
    const program = harness.program('normal', { silenceMs: 1_500 })
    await expect(program.run(task('mute'))).rejects.toEqual(
      failsWith('engine_silent', /said nothing for 1500 ms/),
    )
  })

  it('is killed when a job hangs though the program answers', async () => {
    const program = harness.program('normal', { silenceMs: 1_500 })
    await expect(program.run(task('hang'))).rejects.toEqual(
      failsWith('engine_silent', /nothing about the job/),
    )
  })

  it('is not killed for being idle, or for a job that waits for the card', async () => {
    const program = harness.program('normal', { silenceMs: 600 })
    const { pid } = await program.start()
    await new Promise(resolve => setTimeout(resolve, 1_200))
    const first = follow(program, task('slow:300', { lane: 'wan.video' }))
    await first.rendering
    await program.run(task())
    expect(program.state().info?.pid).toBe(pid)
  })
})

describe('noise', () => {
  it('a few lines that are no events and 25 MB of stderr harm nothing', async () => {
    const program = harness.program()
    await program.run(task('some-garbage'))
    const before = process.memoryUsage().rss
    await program.run(task('stderr-flood', { job: renderJob('stderr-flood', { steps: 1 }) }))
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20)
    expect(program.state().crashes).toBe(0)
  })
})

describe('cancellation', () => {
  it('rejects with the reason once the program has let go, and the card goes to the next', async () => {
    const program = harness.program()
    const { pid } = await program.start()
    const running = follow(program, task('hold'))
    await running.rendering
    const waiting = follow(program, task('', { lane: 'wan.video' }))
    const reason = new Error('the user changed their mind')
    running.cancel(reason)
    await expect(running.result).rejects.toBe(reason)
    expect((await waiting.result).artifacts).toHaveLength(1)
    expect(program.state().info?.pid).toBe(pid)
  })

  it('of a job that waits for the card, or in line, or before it began, does not touch the others', async () => {
    const program = harness.program()
    const running = follow(program, task('slow:150'))
    await running.rendering
    const behind = follow(program, task('', { id: 'behind' }))
    const beside = follow(program, task('', { lane: 'wan.image' }))
    await expect.poll(() => program.state().tasks).toBe(3)
    behind.cancel('behind')
    beside.cancel('beside')
    await expect(behind.result).rejects.toBe('behind')
    await expect(beside.result).rejects.toBe('beside')
    await expect(program.run(task(), { signal: AbortSignal.abort('before') })).rejects.toBe('before')
    expect((await running.result).artifacts).toHaveLength(1)
    expect(program.state()).toMatchObject({ crashes: 0, tasks: 0 })
  })

  it('of an attempt that is still stopping does not keep out the next attempt of the same job', async () => {
    const program = harness.program()
    const id = 'enhance-one'
    const lost = follow(program, task('slow:150', { id }))
    await lost.rendering
    lost.cancel('lost')
    const next = follow(program, task('', { id }))
    const third = program.run(task('slow:150', { id }), { signal: AbortSignal.timeout(20) })
    await expect(third).rejects.toMatchObject({ name: 'TimeoutError' })
    await expect(lost.result).rejects.toBe('lost')
    expect((await next.result).artifacts).toHaveLength(1)
    expect(program.state()).toMatchObject({ crashes: 0, tasks: 0 })
  })

  it('kills a program that is deaf to it, begins the others anew, and does not count it as a crash', async () => {
    const program = harness.program()
    const { pid } = await program.start()
    const running = follow(program, task('deaf'))
    await running.rendering
    const other = follow(program, task('', { lane: 'wan.video' }))
    await expect.poll(() => program.state().tasks).toBe(2)
    running.cancel('stop')
    await expect(running.result).rejects.toBe('stop')
    expect((await other.result).artifacts).toHaveLength(1)
    expect(program.state().crashes).toBe(0)
    expect(program.state().info?.pid).not.toBe(pid)
  })

  it('comes from us when a job holds the card for too long, not when it waits for it', async () => {
    const program = harness.program()
    await program.start()
    const first = follow(program, task('slow:400', { lane: 'sdxl' }))
    await first.rendering
    const waited = program.run(task('', { lane: 'wan.video', cardSecondsLimit: 1 }))
    expect((await waited).waitMs).toBeGreaterThan(1_000)
    await expect(program.run(task('slow:400', { cardSecondsLimit: 0.6 }))).rejects.toEqual(
      failsWith('card_seconds_exceeded'),
    )
    // One that makes no step may do better the next time, and has had its chance then.
    for (const [firstAttempt, code] of [
      [true, 'engine_silent'],
      [false, 'card_seconds_exceeded'],
    ] as const) {
      const run = program.run(task('hold', { cardSecondsLimit: 0.5, firstAttempt }))
      await expect(run).rejects.toEqual(failsWith(code))
    }
    await program.run(task())
    expect(program.state().crashes).toBe(0)
  })
})
