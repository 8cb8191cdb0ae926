import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileHash } from '../assets/fileHash.ts'
import { createRenderStore, type RenderStore } from '../assets/renders.ts'
import { holdRender } from '../assets/testing/holdRender.ts'
import { JobFailure } from '../jobs/failures.ts'
import type { RenderProgress } from '../jobs/status.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import type { VerifyFile } from './checkArtifacts.ts'
import type { EngineTask } from './engineRun.ts'
import type { InferenceProgram } from './inferenceProgram.ts'
import type { RenderJob } from './protocol.ts'
import { createRenderDesk, type RenderDesk, type RenderDeskOptions } from './renderDesk.ts'
import type { RenderRequest } from './renderFlight.ts'
import { createProgramHarness, renderJob } from './testing/programHarness.ts'

let harness: ReturnType<typeof createProgramHarness>
let directory: string
let renders: RenderStore
let program: InferenceProgram
let started: EngineTask[]

/** The scripted program draws text: what is checked here is only its hash. */
const verifyFile: VerifyFile = async (path, { sha256 }) => {
  if ((await fileHash(path)) !== sha256) throw new JobFailure('engine_output_invalid', 'another hash')
  return Buffer.from('a thumbnail')
}

function desk(options: Partial<RenderDeskOptions> = {}): RenderDesk {
  const counted: RenderDeskOptions['program'] = {
    run(task, hooks) {
      started.push(task)
      return program.run(task, hooks)
    },
  }
  const log = pino({ level: 'silent' })
  return createRenderDesk({
    program: counted,
    renders,
    hostId: 'host-1',
    verifyFile,
    log,
    pollMs: 50,
    ...options,
  })
}

beforeEach(async () => {
  harness = createProgramHarness()
  directory = await mkdtemp(join(tmpdir(), 'desk-'))
  renders = createRenderStore({ directory })
  program = harness.program()
  started = []
})

afterEach(async () => {
  expect(await harness.leftovers()).toEqual([])
  await rm(directory, { recursive: true })
})

function request(simulate: string | null = null, more: Partial<RenderJob> = {}) {
  const planHash = createHash('sha256').update(randomUUID()).digest('hex')
  const { references: given, ...job } = renderJob(simulate, more)
  const references = async () => given
  return { jobId: randomUUID(), planHash, lane: 'sdxl', job, references, cardSecondsLimit: 60 } as const
}

/** One attempt at a render, that can be lost or cancelled, and waited for until the card draws for it. */
function attempt(at: RenderDesk, what: RenderRequest) {
  const controller = new AbortController()
  const drawing = Promise.withResolvers<void>()
  const seen: RenderProgress[] = []
  const result = at.render(what, {
    signal: controller.signal,
    keepRenderingOnAbort: reason => reason === 'lost',
    onProgress(progress) {
      seen.push(progress)
      if (progress.held && progress.step > 0) drawing.resolve()
    },
  })
  result.catch(() => {})
  return {
    result,
    seen,
    drawing: drawing.promise,
    abort: (reason: 'lost' | 'cancelled') => controller.abort(reason),
  }
}

describe('a render', () => {
  it('ends with a receipt of checked files, and is not done again', async () => {
    const what = request('', { images: 3 })
    const receipt = await desk().render(what)
    expect(receipt).toMatchObject({
      host: 'host-1',
      seed: 7,
      memory: { peakMiB: 100, totalMiB: 1000 },
      engine: { name: 'scripted', version: '1.2.3', device: 'paper', referenceMethod: null },
    })
    expect(receipt.files.map(({ index, seed, contentType }) => [index, seed, contentType])).toEqual([
      [0, 7, 'image/png'],
      [1, 8, 'image/png'],
      [2, 9, 'image/png'],
    ])
    for (const { file, seed } of receipt.files) {
      expect(await readFile(renders.file(what, file), 'utf8')).toContain(`seed ${seed}`)
    }
    expect(await desk().render(what)).toEqual(receipt)
    expect(started).toHaveLength(1)
  })

  it.each([['no-file'], ['truncated'], ['one-too-few'], ['elsewhere']])(
    'whose files are wrong (%s) fails retryably and leaves nothing but the count',
    async script => {
      const what = request(script, { images: 2 })
      await expect(desk().render(what)).rejects.toMatchObject({ code: 'engine_output_invalid' })
      expect(await readdir(join(directory, what.jobId, what.planHash))).toEqual(['began-1.json'])
      await expect(desk().render(what)).rejects.toMatchObject({ code: 'engine_output_invalid' })
      expect(await readdir(join(directory, what.jobId, what.planHash))).toEqual(['began-2.json'])
    },
  )

  it('whose worker stops is tidied up before the process ends, and counts as no death', async () => {
    const at = desk()
    const what = request('slow:100')
    const { result, drawing, abort } = attempt(at, what)
    await drawing
    abort('lost')
    await expect(result).rejects.toBe('lost')
    await program.stop(100)
    await at.settled()
    const mark = join(directory, what.jobId, what.planHash, 'began-1.json')
    expect(JSON.parse(await readFile(mark, 'utf8'))).toMatchObject({ owner: null, held: true, kills: 0 })
  })

  it('that kills its program fails, and another goes on', async () => {
    const at = desk()
    await expect(at.render(request('exit-0'))).rejects.toMatchObject({ code: 'engine_crashed' })
    expect((await at.render(request())).files).toHaveLength(1)
  })
})

describe('a render that kills its program', () => {
  it('is tried a third time alone and in low-memory mode, and then no more, until a new round', async () => {
    const at = desk()
    const what = request('exit-0')
    for (const code of ['engine_crashed', 'engine_crashed', 'poisoned', 'poisoned']) {
      await expect(at.render(what)).rejects.toMatchObject({ code })
    }
    expect(started.map(({ alone = false }) => alone)).toEqual([false, false, true])
    await expect(at.render({ ...what, round: 1 })).rejects.toMatchObject({ code: 'engine_crashed' })
    await expect(at.render({ ...what, round: 2, lowMemory: true })).rejects.toMatchObject({
      code: 'engine_crashed',
    })
    expect(started.map(({ alone = false }) => alone)).toEqual([false, false, true, false, true])
  })

  it('has killed no fewer than another host has told', async () => {
    const what = request('exit-0')
    const seen: RenderProgress[] = []
    const onProgress = (progress: RenderProgress) => void seen.push(progress)
    await expect(desk().render(what, { onProgress })).rejects.toMatchObject({ code: 'engine_crashed' })
    expect(seen.at(-1)).toMatchObject({ held: true, kills: 1 })
    await expect(desk().render({ ...what, killsBefore: 2 })).rejects.toMatchObject({ code: 'poisoned' })
    expect(started.at(-1)).toMatchObject({ alone: true })
  })

  it('by silence has killed it too, but not when it is cancelled or the program is stopped', async () => {
    program = harness.program('normal', { silenceMs: 400 })
    const silent = request('mute')
    await expect(desk().render(silent)).rejects.toMatchObject({ code: 'engine_silent' })
    expect(await renders.begin(silent)).toMatchObject({ kills: 1 })

    program = harness.program()
    const cancelled = request('deaf')
    const first = attempt(desk(), cancelled)
    await first.drawing
    first.abort('cancelled')
    await expect(first.result).rejects.toBe('cancelled')
    const stopped = request('hold')
    const second = attempt(desk(), stopped)
    await second.drawing
    await program.stop(0)
    await expect(second.result).rejects.toMatchObject({ code: 'engine_crashed' })
    expect(await renders.begin(cancelled)).toMatchObject({ kills: 0 })
    expect(await renders.begin(stopped)).toMatchObject({ kills: 0 })
  })

  it('is innocent of deaths under another that had the card', async () => {
    const at = desk()
    const bystander = request('slow:300')
    const video = at.render({ ...bystander, lane: 'wan.video' })
    await expect.poll(() => program.tasks().holder?.lane).toBe('wan.video')
    await expect(at.render(request('exit-0'))).rejects.toMatchObject({ code: 'engine_crashed' })
    expect((await video).files).toHaveLength(1)
    expect(started.filter(({ lane }) => lane === 'wan.video')).toHaveLength(1)
    expect(program.state().outOfService).toEqual([])
  })

  it('with the whole process is found by the next, and not tried again', async () => {
    const what = request()
    for (let death = 0; death < 3; death++)
      await (await holdRender(directory, what, { hasCard: true })).kill()
    await expect(desk().render(what)).rejects.toMatchObject({ code: 'poisoned' })
    expect(started).toEqual([])
    expect((await desk().render({ ...what, round: 1 })).files).toHaveLength(1)
  })

  it('is not made to yield while it is alone, and does not put its lane out of service', async () => {
    const at = desk()
    const what = request('slow:100')
    const alone = attempt(at, { ...request('slow:100'), lane: 'wan.video', lowMemory: true })
    await alone.drawing
    const image = attempt(at, what)
    await Promise.all([alone.result, image.result])
    const later = alone.seen.slice(alone.seen.findIndex(({ held }) => held))
    expect(later.some(({ phase }) => phase === 'waiting for the card')).toBe(false)

    const poison = request('exit-0')
    for (let death = 0; death < 3; death++) await at.render(poison).catch(() => {})
    expect(program.state()).toMatchObject({ crashes: 3, outOfService: [] })
  })
})

describe('a reference', () => {
  const referencesOf = (task?: EngineTask) => (task?.job.kind === 'render' ? task.job.references : [])
  const referring = (path: string) => request(null, { references: [{ role: 'single', path }] })

  it('that is removed from staging while its job waits in line is there when it is drawn', async () => {
    const staged = join(await temporaryDirectory(), 'staged')
    await writeFile(staged, 'a picture')
    const at = desk()
    const busy = attempt(at, request('slow:100'))
    await busy.drawing
    const waiting = attempt(at, referring(staged))
    await expect.poll(() => program.state().tasks).toBe(2)
    await rm(staged)
    const [given] = referencesOf(started.at(-1))
    expect(await readFile(given?.path ?? '', 'utf8')).toBe('a picture')
    expect((await waiting.result).files).toHaveLength(1)
    expect(await readdir(directory, { recursive: true })).not.toContainEqual(
      expect.stringContaining('reference-0'),
    )
  })

  it('that is gone keeps nobody from the receipt of what was drawn with it', async () => {
    const what = request()
    const drawn = await desk().render(what)
    const references = () => Promise.reject(new JobFailure('staged_lost', 'it is gone'))
    expect(await desk().render({ ...what, references })).toEqual(drawn)
    expect(started).toHaveLength(1)
  })

  it('that was gone before is told as such, and leaves nothing', async () => {
    const what = referring(join(directory, 'nothing'))
    await expect(desk().render(what)).rejects.toMatchObject({ code: 'staged_lost' })
    expect(await renders.owned(what)).toBe(false)
    expect(started).toHaveLength(0)
  })
})

describe('two attempts', () => {
  it('at once share one render, and both see its progress', async () => {
    const at = desk()
    const what = request('slow:50')
    const first = attempt(at, what)
    await first.drawing
    const second = attempt(at, what)
    expect(second.seen[0]).toMatchObject({ phase: 'rendering', held: true })
    expect(await second.result).toEqual(await first.result)
    expect(second.seen.at(-1)).toMatchObject({ step: 4 })
    expect(started).toHaveLength(1)
  })

  it('one after the other: the lost one rejects at once, its render goes on, the next adopts it', async () => {
    const at = desk()
    const what = request('slow:150')
    const first = attempt(at, what)
    await first.drawing
    first.abort('lost')
    await expect(first.result).rejects.toBe('lost')
    expect((await attempt(at, what).result).files).toHaveLength(1)
    expect(started).toHaveLength(1)
  })

  it('an orphan that has had the card finishes and leaves its receipt', async () => {
    const at = desk()
    const what = request('slow:100')
    const first = attempt(at, what)
    await first.drawing
    first.abort('lost')
    await expect.poll(() => renders.receipt(what), { timeout: 10_000 }).not.toBeNull()
    expect((await at.render(what)).files).toHaveLength(1)
    expect(started).toHaveLength(1)
  })

  it('an orphan that has not had the card gives up its place in line at once, and a later attempt begins anew', async () => {
    const at = desk()
    const busy = attempt(at, request('slow:250'))
    await busy.drawing
    const what = request()
    const first = attempt(at, what)
    await expect.poll(() => program.state().tasks).toBe(2)
    first.abort('lost')
    await expect.poll(() => program.state().tasks, { timeout: 5_000 }).toBe(1)
    await busy.result
    expect((await at.render(what)).files).toHaveLength(1)
    expect(started).toHaveLength(3)
  })

  it('that wait in line share one place, which is given up with the last of them', async () => {
    const at = desk()
    const busy = attempt(at, request('hold'))
    await busy.drawing
    const what = request()
    const first = attempt(at, what)
    const second = attempt(at, what)
    await expect.poll(() => program.state().tasks).toBe(2)
    first.abort('lost')
    await expect(first.result).rejects.toBe('lost')
    expect(program.state().tasks).toBe(2)
    second.abort('lost')
    await expect.poll(() => program.state().tasks, { timeout: 5_000 }).toBe(1)
    busy.abort('cancelled')
    await expect(busy.result).rejects.toBe('cancelled')
    expect(started).toHaveLength(2)
  })

  it('a joiner that is lost does not disturb the other', async () => {
    const at = desk()
    const what = request('slow:100')
    const first = attempt(at, what)
    await first.drawing
    const second = attempt(at, what)
    second.abort('lost')
    await expect(second.result).rejects.toBe('lost')
    expect((await first.result).files).toHaveLength(1)
  })
})

describe('a cancellation', () => {
  it('stops the render, removes its files, and is told to all who wait', async () => {
    const at = desk()
    const what = request('hold')
    const first = attempt(at, what)
    await first.drawing
    const second = attempt(at, what)
    second.abort('cancelled')
    await expect(second.result).rejects.toBe('cancelled')
    await expect(first.result).rejects.toMatchObject({ code: 'canceled' })
    expect(await readdir(directory)).toEqual([])
    expect(program.state().tasks).toBe(0)
  })

  it('does not keep the same job from being asked for again at once', async () => {
    const at = desk()
    const what = request('slow:50')
    const first = attempt(at, what)
    await first.drawing
    first.abort('cancelled')
    const second = attempt(at, what)
    await expect(first.result).rejects.toBe('cancelled')
    expect((await second.result).files).toHaveLength(1)
    expect(started).toHaveLength(2)
  })

  it('that comes before anything began starts nothing', async () => {
    await expect(desk().render(request(), { signal: AbortSignal.abort('early') })).rejects.toBe('early')
    expect(started).toHaveLength(0)
    expect(await readdir(directory)).toEqual([])
  })
})

describe('another process of this host', () => {
  it('that is at the render is waited for; when it dies the render is ours', async () => {
    const what = request()
    const other = await holdRender(directory, what)
    const first = attempt(desk(), what)
    try {
      await expect.poll(() => first.seen.length).toBeGreaterThan(3)
      expect(started).toHaveLength(0)
    } finally {
      await other.kill()
    }
    expect((await first.result).files).toHaveLength(1)
    expect(started).toHaveLength(1)
  })

  it('can be waited for no longer when the attempt is cancelled', async () => {
    const what = request()
    const other = await holdRender(directory, what)
    const first = attempt(desk(), what)
    try {
      await expect.poll(() => first.seen.length).toBeGreaterThan(2)
      first.abort('cancelled')
      await expect(first.result).rejects.toBe('cancelled')
      expect(await renders.owned(what)).toBe(true)
    } finally {
      await other.kill()
    }
  })
})
