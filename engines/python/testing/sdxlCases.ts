import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, it, onTestFinished } from 'vitest'
import type { RenderJob } from '../../protocol.ts'
import type { EngineHarness, GateEntry, Result } from './engineHarness.ts'
import { cancelAtGate } from './stopAtGate.ts'
import { tinyImage } from './tinyJobs.ts'

/** Values of one image's latents: 4 channels, an eighth of its width and height. */
const LATENTS = 4 * 8 * 8
/** Batches add up in another order. Latents are tens here. */
const ROUNDING = 0.01
const LONGEST_PROMPT = 10_000
/** Types of references that have an adapter, and the adapters' files. */
const ADAPTED = ['style', 'composition', 'character'] as const
const PLAIN = 'sdxl_models/ip-adapter_sdxl_vit-h.safetensors'
const PLUS = 'sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors'

export function sdxlCases(engine: () => EngineHarness): void {
  const render = async (changes: Partial<RenderJob> = {}) =>
    await engine().render('sdxl', { ...tinyImage, ...changes })
  let first: Promise<Result> | null = null
  /** The tiny job as it stands, drawn once. */
  const undisturbed = () => {
    first ??= render()
    return first
  }

  it('draws image i of a batch as alone with seed + i, whatever the batch', async () => {
    const [three, six] = [await render({ images: 3 }), await render({ images: 6 })]
    for (const index of [0, 1, 2, 5]) {
      const alone = await render({ seed: tinyImage.seed + index })
      for (const batch of index < 3 ? [three, six] : [six]) {
        expect(distance(latentsOf(batch, index), alone.latents)).toBeLessThan(ROUNDING)
        expect(distance(await pixelsOf(batch, index), await pixelsOf(alone))).toBeLessThanOrEqual(1)
      }
    }
    expect(distance(latentsOf(six, 0), latentsOf(six, 1))).toBeGreaterThan(1)
  })

  it('draws a batch at once: it computes the UNet as often as one image does', async () => {
    const calls = async (images: number) => {
      const { done } = await render({ images })
      return (await gatesOf(engine(), done.id)).filter(({ module }) => module === 'unet').length
    }
    expect(await calls(6)).toBe(await calls(1))
  })

  it('draws the same again, to the bit', async () => {
    const [one, other] = [await render(), await render()]
    expect(other.latents).toEqual(one.latents)
    expect(other.artifacts[0]?.sha256).toBe(one.artifacts[0]?.sha256)
  })

  it.each<[string, Partial<RenderJob>]>([
    ['prompt', { prompt: 'a red bicycle' }],
    ['negative prompt', { negativePrompt: 'bright' }],
    ['empty negative prompt', { negativePrompt: '' }],
    ['weight above 1', { prompt: 'a (lighthouse:1.3) at dusk' }],
    ['weight below 1', { prompt: 'a (lighthouse:0.6) at dusk' }],
    ['weight at its end', { prompt: 'a lighthouse at dusk, (sea:1.2), (gulls:1.1)' }],
    ['negative weight', { negativePrompt: '(blurry:1.4)' }],
    ['guidance', { guidance: 7.5 }],
    ['no guidance', { guidance: 1 }],
    ['number of steps', { steps: 5 }],
    ['seed', { seed: 43 }],
    ['solver dpm++', { solver: 'dpm++' }],
    ['solver euler', { solver: 'euler' }],
    ['solver euler_a', { solver: 'euler_a' }],
    ['solver ddim', { solver: 'ddim' }],
  ])('another %s is another picture', async (_, changes) => {
    const { latents } = await render(changes)
    expect(distance(latents, (await undisturbed()).latents)).toBeGreaterThan(ROUNDING)
  })

  it('takes no mark of the tokenizers from a prompt, also where a weight is left out within', async () => {
    const plain = await render({ prompt: 'a lighthouse < |endoftext|> at dusk' })
    for (const mark of ['<|endoftext|>', '<(:1.0)|endoftext|>']) {
      expect((await render({ prompt: `a lighthouse ${mark} at dusk` })).latents).toEqual(plain.latents)
    }
  })

  it('reads weights in both ways of writing, and none in what only looks like them', async () => {
    const weighted = await render({ prompt: 'a (lighthouse:1.3) at dusk' })
    expect((await render({ prompt: 'a (lighthouse)1.3 at dusk' })).latents).toEqual(weighted.latents)
    expect((await render({ prompt: 'a (lighthouse:1) at dusk' })).latents).toEqual(
      (await undisturbed()).latents,
    )
    const prose = await render({ prompt: 'lighthouse++ (dusk) -- "sea".and("gulls")' })
    expect((await render({ prompt: 'lighthouse++ \\(dusk\\) -- "sea".and("gulls")' })).latents).toEqual(
      prose.latents,
    )
    expect(
      distance(prose.latents, (await render({ prompt: 'lighthouse dusk sea gulls' })).latents),
    ).toBeGreaterThan(ROUNDING)
  })

  it('reads a prompt to its end, where its model takes 77 tokens', async () => {
    // Every byte is a token of the tiny model.
    const first = 'a lighthouse on a rock in the sea, with gulls around it and a boat below, at'
    const ways = [first.slice(0, 75), `${first} dusk`, `${first} dawn`, `${first} (dawn:1.5)`]
    const drawn = []
    for (const prompt of ways) drawn.push((await render({ prompt })).latents)
    for (const [index, latents] of drawn.entries()) {
      for (const other of drawn.slice(index + 1)) expect(distance(latents, other)).toBeGreaterThan(ROUNDING)
    }
    const negativePrompt = `${first} night`
    expect(
      distance((await render({ negativePrompt })).latents, (await render({ negativePrompt: first })).latents),
    ).toBeGreaterThan(ROUNDING)
  })

  it.each([
    ['an option', '--prompt=x'],
    ['empty parentheses', '()'],
    ['parentheses that are never closed', '((((a lighthouse'],
    ['a weight that was never opened', 'a lighthouse:1.3)'],
    ['a weight of nothing', '(:1.3) ()1.2 (:.)'],
    ['a huge weight', `(sea:${'9'.repeat(200)}) (sea:9999) (rock:0)`],
    ['what the second tokenizer pads with', `${'! '.repeat(100)}(!:0.5) (!! sea:1.2)`],
    ["the tokenizers' marks", '<|startoftext|>a lighthouse<|endoftext|> at dusk'],
    ['emoji', '👩‍🚀🚲'],
    ['control characters and half a character', 'a\u0000b\u202e\ud83d'],
    ['as many letters as are allowed', 'a lighthouse, '.repeat(LONGEST_PROMPT).slice(0, LONGEST_PROMPT)],
    ['as many weights', '(sea:0.5),'.repeat(LONGEST_PROMPT / 10)],
    ['as many open parentheses', '('.repeat(LONGEST_PROMPT)],
  ])('a prompt may be %s', async (_, prompt) => {
    const { artifacts, latents } = await render({ prompt, negativePrompt: prompt.slice(-50), steps: 1 })
    expect(artifacts).toHaveLength(1)
    expect(latents.every(Number.isFinite)).toBe(true)
  })

  it('draws any size that 8 divides', async () => {
    const { artifacts } = await render({ width: 96, height: 72, images: 3, steps: 1 })
    expect(artifacts).toMatchObject([0, 1, 2].map(() => ({ width: 96, height: 72 })))
    expect(await sharp(artifacts[0]?.path).metadata()).toMatchObject({ width: 96, height: 72, format: 'png' })
  })

  it.each([
    ['style', 'ip-adapter-style'],
    ['composition', 'ip-adapter-composition'],
    ['character', 'ip-adapter-character'],
    [null, 'img2img'],
  ] as const)('honours a reference for %s by %s', async (referenceType, method) => {
    const plain = await render({ steps: 10 })
    const gulls = await pictureOf(engine().folder, 'gulls')
    const changes = { steps: 10, referenceType, ...referenceTo(gulls) }
    const drawn = await render(changes)
    expect(drawn.done.referenceMethod).toBe(method)
    const others = [
      plain,
      await render({ ...changes, ...referenceTo(await pictureOf(engine().folder, 'rocks')) }),
      await render({ ...changes, referenceStrength: 0.8 }),
      await render({ ...changes, prompt: 'a red bicycle' }),
    ]
    for (const other of others) expect(distance(drawn.latents, other.latents)).toBeGreaterThan(ROUNDING)
    const three = await render({ ...changes, images: 3 })
    expect(distance(latentsOf(three, 0), drawn.latents)).toBeLessThan(ROUNDING)
    expect((await render(changes)).latents).toEqual(drawn.latents)
    // And nothing of it is left.
    const after = await render({ steps: 10 })
    expect(after.latents).toEqual(plain.latents)
    expect(after.done.referenceMethod ?? null).toBeNull()
  })

  it('a weak reference for a character is nearer to none than a strong one', async () => {
    const plain = await render()
    const reference = referenceTo(await pictureOf(engine().folder, 'gulls'))
    // Not finer: with random weights the picture is as far as it gets from half of the strength on.
    const strengths = [0.1, 1]
    const far = []
    for (const referenceStrength of strengths) {
      const { latents } = await render({ ...reference, referenceType: 'character', referenceStrength })
      far.push(distance(latents, plain.latents))
    }
    expect(far).toEqual([...far].sort((one, other) => one - other))
  })

  it('runs the steps that lie below the noise of image to image, two at the least', async () => {
    const reference = referenceTo(await pictureOf(engine().folder, 'gulls'))
    const steps = async (referenceStrength: number) => {
      const { done } = await render({ ...reference, steps: 10, referenceStrength })
      return (await gatesOf(engine(), done.id)).filter(({ module }) => module === 'unet').length
    }
    const perStep = (await steps(0.8)) / 2
    expect(await steps(1)).toBe(2 * perStep)
    expect(await steps(0.7)).toBe(3 * perStep)
    expect(await steps(0.1)).toBe(9 * perStep)
  })

  it('passes a gate before each part that computes', async () => {
    const reference = referenceTo(await pictureOf(engine().folder, 'gulls'))
    const by = async (referenceType: RenderJob['referenceType']) => {
      const { done } = await render({ ...reference, referenceType, images: 3 })
      return new Set(
        (await gatesOf(engine(), done.id)).filter(({ event }) => event === 'gate').map(gate => gate.module),
      )
    }
    expect(await by(null)).toEqual(new Set(['text_encoder', 'vae.encoder', 'unet', 'vae.decoder']))
    expect(await by('style')).toEqual(new Set(['text_encoder', 'image_encoder', 'unet', 'vae.decoder']))
  })

  it('falls back to image to image where the weights of IP-Adapter are not installed, and says so', async () => {
    const { modelsDir, folder, program, loadedModels } = engine()
    const reference = { steps: 10, ...referenceTo(await pictureOf(folder, 'gulls')) }
    const installed = join(modelsDir, 'ip-adapter')
    program.send({ type: 'unload', model: 'sdxl_ip_adapter' })
    expect(await loadedModels()).not.toContain('sdxl_ip_adapter')
    const expected = await render(reference)
    await rename(installed, `${installed}-away`)
    onTestFinished(() => rename(`${installed}-away`, installed))
    for (const referenceType of ['style', 'composition', 'character'] as const) {
      const { done, latents } = await render({ ...reference, referenceType })
      expect(done.referenceMethod).toBe('img2img')
      expect(latents).toEqual(expected.latents)
    }
  })

  it.each<[string, string, readonly string[]]>([
    ['an image encoder that is still fetched', 'models/image_encoder/model.safetensors', ADAPTED],
    ['an adapter for characters that was cut short', PLUS, ['character']],
    ['another adapter that was cut short', PLAIN, ['style', 'composition']],
  ])('%s is as if it were not installed, and hinders no other', async (what, path, hindered) => {
    const { modelsDir, folder, program, loadedModels } = engine()
    program.send({ type: 'unload', model: 'sdxl_ip_adapter' })
    expect(await loadedModels()).not.toContain('sdxl_ip_adapter')
    const file = join(modelsDir, 'ip-adapter', path)
    await rename(file, `${file}.away`)
    onTestFinished(async () => {
      await rename(`${file}.away`, file)
      program.send({ type: 'unload', model: 'sdxl_ip_adapter' })
    })
    if (what.endsWith('cut short')) await writeFile(file, (await readFile(`${file}.away`)).subarray(0, -9))
    const reference = { steps: 2, ...referenceTo(await pictureOf(folder, 'gulls')) }
    for (const referenceType of ADAPTED) {
      const { done } = await render({ ...reference, referenceType })
      const method = hindered.includes(referenceType) ? 'img2img' : `ip-adapter-${referenceType}`
      expect(done.referenceMethod).toBe(method)
    }
  })

  it('of a picture that stands out over the job’s size IP-Adapter sees all, and image to image draws over the middle', async () => {
    const { folder } = engine()
    const { width } = tinyImage
    const middle = await pictureOf(folder, 'gulls')
    const grey = await sharp(middle).extend({ left: width, right: width, background: 'grey' }).toBuffer()
    const wide = async (colour: string) => {
      const path = join(folder, `wide-${colour}.png`)
      await sharp(grey).extend({ left: width, right: width, background: colour }).toFile(path)
      return path
    }
    const [red, blue] = [await wide('red'), await wide('blue')]
    const drawn = async (path: string, referenceType: RenderJob['referenceType']) =>
      (await render({ ...referenceTo(path), referenceType })).latents
    expect(await drawn(red, null)).toEqual(await drawn(middle, null))
    expect(distance(await drawn(red, 'style'), await drawn(blue, 'style'))).toBeGreaterThan(ROUNDING)
  })

  it('a job with IP-Adapter that is cancelled leaves neither it nor memory', async () => {
    const { begin, cancel, program, memoryMiB } = engine()
    const reference = referenceTo(await pictureOf(engine().folder, 'gulls'))
    const drawn = await render({ ...reference, referenceType: 'character' })
    const plain = await render()
    const memory = await memoryMiB()
    const { id, result } = await begin('sdxl', {
      ...tinyImage,
      ...reference,
      referenceType: 'character',
      steps: 100,
      images: 3,
    })
    await program.until('progress', event => event.id === id && event.phase === 'rendering')
    cancel(id)
    await expect(result).rejects.toMatchObject({ code: 'cancelled' })
    expect(await memoryMiB()).toBeLessThanOrEqual(memory + 0.1)
    expect((await render()).latents).toEqual(plain.latents)
    expect((await render({ ...reference, referenceType: 'character' })).latents).toEqual(drawn.latents)
  })

  it.each<[string, Partial<RenderJob>]>([
    ['without a reference', {}],
    ['with an adapter', { referenceType: 'style' }],
  ])('draws a batch in low-memory mode as it does otherwise, %s', async (_, changes) => {
    const reference = referenceTo(await pictureOf(engine().folder, 'gulls'))
    const job = { ...tinyImage, ...(changes.referenceType ? reference : {}), ...changes, images: 3 }
    const [usual, careful] = [
      await engine().render('sdxl', job),
      await engine().render('sdxl', job, { lowMemory: true }),
    ]
    for (const index of [0, 1, 2]) {
      expect(distance(latentsOf(careful, index), latentsOf(usual, index))).toBeLessThan(ROUNDING)
    }
  })

  it.each<[string, Partial<RenderJob>]>([
    ['text_encoder', {}],
    ['vae.encoder', { referenceMode: 'single' }],
    ['image_encoder', { referenceMode: 'single', referenceType: 'style' }],
    ['unet', {}],
    ['vae.decoder', {}],
  ])(
    'a job that is cancelled at a gate of %s passes no other, and leaves nothing',
    async (module, changes) => {
      const { memoryMiB } = engine()
      const reference = referenceTo(await pictureOf(engine().folder, 'gulls'))
      const job = { ...(changes.referenceMode === 'single' ? reference : {}), ...changes }
      const before = await render(job)
      const memory = await memoryMiB()
      await cancelAtGate(engine(), 'sdxl', { ...tinyImage, ...job }, module)
      expect(await memoryMiB()).toBeLessThanOrEqual(memory + 0.1)
      expect((await render(job)).latents).toEqual(before.latents)
    },
  )

  it.each<[string, Partial<RenderJob>]>([
    ['an unknown solver', { solver: 'heun' }],
    ['a size that 8 does not divide', { width: 60 }],
    ['a video', { frames: 81 }],
    ['a reference that is not there', referenceTo('/nowhere/reference.png')],
  ])('%s is invalid, for good', async (_, changes) => {
    const failed = render(changes)
    await expect(failed).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('a reference that does not cover the job’s size is invalid', async () => {
    const reference = referenceTo(await pictureOf(engine().folder, 'gulls'))
    await expect(render({ ...reference, width: 128 })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('goes from memory when it is told to, and comes back; a checkpoint that is gone is told with its place', async () => {
    const { modelsDir, program, loadedModels, memoryMiB } = engine()
    const before = await render()
    const memory = await memoryMiB()
    program.send({ type: 'unload', model: 'lustify_sdxl' })
    expect(await loadedModels()).not.toContain('lustify_sdxl')
    expect(await memoryMiB()).toBeLessThan(memory - 5)
    const file = join(modelsDir, 'sdxl-lustify/lustifySDXLNSFWSFW_v20.safetensors')
    await rename(file, `${file}.away`)
    await expect(render().finally(() => rename(`${file}.away`, file))).rejects.toMatchObject({
      code: 'model_missing',
      message: expect.stringMatching(/sdxl-lustify.*ourvidz models check/),
    })
    expect((await render()).latents).toEqual(before.latents)
    expect(await memoryMiB()).toBeLessThanOrEqual(memory + 0.1)
  })
}

function referenceTo(path: string): Partial<RenderJob> {
  return { referenceMode: 'single', references: [{ role: 'single', path }], referenceStrength: 0.5 }
}

/** A picture of the tiny job's size: waves of another length for each name. */
async function pictureOf(folder: string, name: string): Promise<string> {
  const { width, height } = tinyImage
  const wave = name.length + name.charCodeAt(0) / 10
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, at) => 127 + 120 * Math.sin(at / wave))
  const path = join(folder, `${name}.png`)
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(path)
  return path
}

async function pixelsOf(result: Result, index = 0): Promise<Uint8Array> {
  return await sharp(result.artifacts[index]?.path).raw().toBuffer()
}

function latentsOf({ latents }: Result, index: number): Float32Array {
  return latents.slice(index * LATENTS, (index + 1) * LATENTS)
}

/** The greatest difference of two values at one place; infinite for lengths that differ. */
function distance(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length || one.length === 0) return Number.POSITIVE_INFINITY
  let greatest = 0
  for (let at = 0; at < one.length; at += 1) {
    greatest = Math.max(greatest, Math.abs((one[at] ?? Number.NaN) - (other[at] ?? Number.NaN)))
  }
  return greatest
}

async function gatesOf({ gates }: EngineHarness, id: string): Promise<GateEntry[]> {
  return (await gates()).filter(entry => entry.id === id)
}
