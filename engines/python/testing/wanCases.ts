import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Lane } from '../../../jobs/jobTypes.ts'
import type { RenderJob } from '../../protocol.ts'
import type { EngineHarness } from './engineHarness.ts'
import { takeTurnsAtEveryGate } from './programCases.ts'
import { cancelAtGate, stopAtGate } from './stopAtGate.ts'
import { tinyVideo } from './tinyJobs.ts'

const MODES = ['none', 'single', 'start', 'end', 'both'] as const
type Mode = (typeof MODES)[number]
const VACE_FOLDER = 'wan2.1-vace-1.3b-diffusers'
const TEXT_ENCODER = 'umt5_xxl'
const WAN = 'wan_2_1_1_3b'

/** Decoded frames of random weights are close to noise, so latents are compared. */
export function wanCases(engine: () => EngineHarness): void {
  const pictures = { one: '', two: '' }

  beforeAll(async () => {
    pictures.one = await drawPicture(engine().folder, 'one', [200, 60, 20])
    pictures.two = await drawPicture(engine().folder, 'two', [10, 90, 220])
  })

  function referring(mode: Mode, more: Partial<RenderJob> = {}): RenderJob {
    const start = { role: 'start', path: pictures.one } as const
    const end = { role: 'end', path: pictures.two } as const
    const references: Record<Mode, RenderJob['references']> = {
      none: [],
      single: [{ role: 'single', path: pictures.one }],
      start: [start],
      end: [end],
      both: [start, end],
    }
    const referenceStrength = mode === 'none' ? null : 0.85
    return { ...tinyVideo, referenceMode: mode, references: references[mode], referenceStrength, ...more }
  }

  const image = (more: Partial<RenderJob> = {}): RenderJob => referring('none', { frames: 1, ...more })

  async function latentsOf(job: RenderJob, lane: Lane = 'wan.video'): Promise<Float32Array> {
    const { latents } = await engine().render(lane, job)
    expect(latents.length).toBeGreaterThan(0)
    expect(latents.every(Number.isFinite)).toBe(true)
    return latents
  }

  it('gives the same frames for the same seed, others for another', async () => {
    const [one, again, other] = [
      await engine().render('wan.video', tinyVideo),
      await engine().render('wan.video', tinyVideo),
      await engine().render('wan.video', { ...tinyVideo, seed: 43 }),
    ]
    expect(again.latents).toEqual(one.latents)
    expect(again.artifacts).toMatchObject([{ sha256: one.artifacts[0]?.sha256, frames: 17, seed: 42 }])
    expect(other.latents).not.toEqual(one.latents)
    expect(other.artifacts[0]?.sha256).not.toBe(one.artifacts[0]?.sha256)
  })

  it('makes all 81 frames', async () => {
    const { artifacts, latents } = await engine().render('wan.video', { ...tinyVideo, frames: 81, steps: 1 })
    expect(artifacts).toMatchObject([{ frames: 81, width: 64, height: 32 }])
    expect(latents).toHaveLength(16 * 21 * 4 * 8)
  })

  it('honours each of the five reference modes in a way of its own', async () => {
    const seen: Float32Array[] = []
    for (const mode of MODES) {
      const { latents, done } = await engine().render('wan.video', referring(mode))
      expect(done.referenceMethod ?? null).toBe(mode === 'none' ? null : 'vace')
      expect(latents).toHaveLength(16 * 5 * 4 * 8)
      for (const other of seen) expect(latents).not.toEqual(other)
      seen.push(latents)
    }
  })

  it('takes the start for the start and the end for the end', async () => {
    const { references } = referring('both')
    const swapped = references.map(({ role, path }) => ({
      role,
      path: path === pictures.one ? pictures.two : pictures.one,
    }))
    expect(await latentsOf(referring('both', { references: swapped }))).not.toEqual(
      await latentsOf(referring('both')),
    )
  })

  it.each(['single', 'start', 'end', 'both'] as const)('heeds the strength of %s', async mode => {
    expect(await latentsOf(referring(mode, { referenceStrength: 0.1 }))).not.toEqual(
      await latentsOf(referring(mode)),
    )
  })

  it('guides an image by one reference or by several', async () => {
    const single = (...paths: string[]) => paths.map(path => ({ role: 'single', path }) as const)
    const guided = { referenceMode: 'single', referenceStrength: 0.5 } as const
    const plain = await latentsOf(image(), 'wan.image')
    const one = await engine().render('wan.image', image({ ...guided, references: single(pictures.one) }))
    const two = await latentsOf(image({ ...guided, references: single(pictures.one, pictures.two) }))
    expect(one.done.referenceMethod).toBe('vace')
    expect(one.artifacts).toMatchObject([{ frames: 1, width: 64, height: 32 }])
    for (const latents of [plain, one.latents, two]) expect(latents).toHaveLength(16 * 4 * 8)
    expect(one.latents).not.toEqual(plain)
    expect(two).not.toEqual(one.latents)
  })

  it.each([
    { guidance: 3 },
    { shift: 9 },
    { solver: 'dpm++' },
    { steps: 4 },
    { negativePrompt: 'blurry' },
    { prompt: 'a lighthouse at noon' },
  ])('heeds %o', async change => {
    expect(await latentsOf({ ...tinyVideo, ...change })).not.toEqual(await latentsOf(tinyVideo))
  })

  it('draws both sides of 480 × 832 at the model’s own shape', async () => {
    const { artifacts } = await engine().render('wan.image', image({ width: 32, height: 64 }))
    expect(artifacts).toMatchObject([{ width: 32, height: 64 }])
  })

  it.each<[string, Partial<RenderJob>]>([
    ['16 frames', { frames: 16 }],
    ['a width of 60', { width: 60 }],
    ['three images', { images: 3 }],
    ['a solver of SDXL', { solver: 'euler_a' }],
    ['a mode without its references', { referenceMode: 'both' }],
    ['a reference that is not there', single('nowhere.png')],
    ['a reference that is no picture', single('gates.jsonl')],
    ['a start of an image', { frames: 1, ...single('one.png'), referenceMode: 'start' }],
    ['a reference of another size', { ...single('one.png'), width: 128 }],
  ])('refuses %s', async (_name, change) => {
    const references = (change.references ?? []).map(({ role, path }) => ({
      role: change.referenceMode === 'start' ? ('start' as const) : role,
      path: join(engine().folder, path),
    }))
    await expect(engine().render('wan.video', { ...tinyVideo, ...change, references })).rejects.toMatchObject(
      {
        code: 'invalid_input',
      },
    )
  })

  it('tells steps of the right number', async () => {
    const { render, program } = engine()
    const { done } = await render('wan.video', { ...tinyVideo, steps: 9 })
    const told = program.events.filter(event => event.type === 'progress').filter(({ id }) => id === done.id)
    expect(told.every(({ total }) => total === 9)).toBe(true)
  })

  it('an image and a video that yield to each other at every gate come out as alone', async () => {
    const { render, begin, onWant } = engine()
    const video = referring('both')
    const picture = image({ seed: 9, steps: 12, width: 32, height: 64 })
    const alone = [await render('wan.video', video), await render('wan.image', picture)]
    takeTurnsAtEveryGate(engine())
    onTestFinished(() => onWant(null))
    const pair = [await begin('wan.video', video), await begin('wan.image', picture)]
    const together = await Promise.all(pair.map(({ result }) => result))
    for (const [index, one] of alone.entries()) {
      expect(together[index]?.latents).toEqual(one.latents)
      expect(together[index]?.artifacts[0]?.sha256).toBe(one.artifacts[0]?.sha256)
      expect(together[index]?.artifacts[0]?.frames).toBe(one.artifacts[0]?.frames)
    }
  })

  it.each(['wan.text_encoder', 'wan.vae.encoder', 'wan.vace_blocks', 'wan.blocks', 'wan.vae.decoder'])(
    'is cancelled at a gate of %s, passes no other, and leaves nothing',
    async module => {
      const { memoryMiB } = engine()
      const job = referring('both')
      const before = await latentsOf(job)
      const memory = await memoryMiB()
      const prompt = module === 'wan.text_encoder' ? 'a boat that nobody has seen before' : job.prompt
      if (prompt !== job.prompt) await latentsOf({ ...job, prompt: 'a boat that loads the encoder' })
      await cancelAtGate(engine(), 'wan.video', { ...job, prompt }, module)
      // The encoder may have come for the prompt; what is left besides is too little to be a job's.
      const encoderMiB = prompt === job.prompt ? 0 : 0.2
      expect(await memoryMiB()).toBeLessThanOrEqual(memory + 0.1 + encoderMiB)
      expect(await latentsOf(job)).toEqual(before)
    },
  )

  it('needs no text encoder for a prompt that it has read before', async () => {
    const { program, loadedModels } = engine()
    const job = { ...tinyVideo, prompt: 'a kite over a harbour' }
    const before = await latentsOf(job)
    program.send({ type: 'unload', model: TEXT_ENCODER })
    expect(await loadedModels()).not.toContain(TEXT_ENCODER)
    expect(await latentsOf(job)).toEqual(before)
    expect(await latentsOf({ ...job, seed: 5 }, 'wan.image')).not.toEqual(before)
    expect(await loadedModels()).not.toContain(TEXT_ENCODER)
    await latentsOf({ ...job, prompt: 'a kite over a hill' })
    expect(await loadedModels()).toContain(TEXT_ENCODER)
  })

  it('lets the text encoder go as soon as the text is read', async () => {
    const { program, begin, loadedModels, onWant } = engine()
    const atGate = stopAtGate(engine(), 'wan.blocks')
    const { result } = await begin('wan.video', { ...tinyVideo, prompt: 'a tram in the rain' })
    await atGate
    program.send({ type: 'unload', model: TEXT_ENCODER })
    program.send({ type: 'unload', model: WAN })
    const loaded = await loadedModels()
    expect(loaded).not.toContain(TEXT_ENCODER)
    expect(loaded).toContain(WAN)
    onWant(null)
    program.send({ type: 'grant', lane: 'wan.video' })
    expect((await result).artifacts).toHaveLength(1)
  })

  it('without VACE, draws from the text-to-video weights and refuses a reference with what to do', async () => {
    const { program, modelsDir, render, loadedModels } = engine()
    const before = await latentsOf(tinyVideo)
    const unload = async () => {
      program.send({ type: 'unload', model: WAN })
      expect(await loadedModels()).not.toContain(WAN)
    }
    const hidden = join(modelsDir, 'elsewhere')
    await rename(join(modelsDir, VACE_FOLDER), hidden)
    try {
      await unload()
      // The tiny folders hold the same weights, so it is the same model by another way.
      expect(await latentsOf(tinyVideo)).toEqual(before)
      const refused = render('wan.video', referring('start'))
      await expect(refused).rejects.toMatchObject({ code: 'model_missing' })
      await expect(refused).rejects.toThrow(
        `hf download Wan-AI/Wan2.1-VACE-1.3B-diffusers --local-dir ${join(modelsDir, VACE_FOLDER)}`,
      )
      expect(program.events.filter(event => event.type === 'want').at(-1)?.id).not.toBe(lastFailed(engine()))
    } finally {
      await rename(hidden, join(modelsDir, VACE_FOLDER))
    }
    await unload()
    await latentsOf(referring('start'))
  })
}

function single(path: string): Partial<RenderJob> {
  return { referenceMode: 'single', referenceStrength: 0.5, references: [{ role: 'single', path }] }
}

function lastFailed({ program }: EngineHarness): string | undefined {
  return program.events.filter(event => event.type === 'failed').at(-1)?.id
}

/** A picture of the tiny job's size, not even in any direction. */
async function drawPicture(folder: string, name: string, colour: [number, number, number]): Promise<string> {
  const [width, height] = [tinyVideo.width, tinyVideo.height]
  const pixels = Buffer.from(
    Array.from({ length: width * height }, (_, index) =>
      colour.map(value => (value + 3 * (index % width) + Math.floor(index / width)) % 256),
    ).flat(),
  )
  const path = join(folder, `${name}.png`)
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path)
  return path
}
