import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RenderJob } from '../protocol.ts'
import { type EngineHarness, openEngine } from './testing/engineHarness.ts'
import { enginePython } from './testing/enginePython.ts'
import { tinyEnhance, tinyImage, tinyVideo } from './testing/tinyJobs.ts'

const LIMIT_MS = 300_000
let engine: EngineHarness

beforeAll(async () => {
  engine = await openEngine({ simulatedCard: true })
}, LIMIT_MS)
afterAll(() => engine.close())

interface Case {
  what: string
  job: RenderJob
  /** Where its references stand; they are drawn for it. */
  roles?: ('single' | 'start' | 'end')[]
  lowMemory?: true
}

const image: RenderJob = { ...tinyImage, steps: 2 }
const video: RenderJob = { ...tinyVideo, steps: 2 }
const wanImage: RenderJob = { ...video, type: 'image_fast', frames: 1 }
const given = { referenceStrength: 0.8 } as const

const cases: Case[] = [
  ...['unipc', 'dpm++', 'euler', 'euler_a', 'ddim'].map(solver => ({
    what: `SDXL, ${solver}`,
    job: { ...image, solver },
  })),
  {
    what: 'SDXL, a weighted prompt, three images',
    job: { ...image, prompt: 'a (pier:1.3) at dusk', images: 3 },
  },
  ...([null, 'style', 'composition', 'character'] as const).map((referenceType): Case => {
    const job: RenderJob = { ...image, ...given, referenceMode: 'single', referenceType }
    return { what: `SDXL, ${referenceType ?? 'image to image'}`, job, roles: ['single'] }
  }),
  { what: 'SDXL, text after a reference', job: image },
  { what: 'SDXL with little memory', job: { ...image, images: 2 }, lowMemory: true },
  { what: 'WAN image', job: wanImage },
  { what: 'WAN, unipc', job: video },
  { what: 'WAN, dpm++', job: { ...video, solver: 'dpm++' } },
  { what: 'WAN, single', job: { ...video, ...given, referenceMode: 'single' }, roles: ['single'] },
  { what: 'WAN, both', job: { ...video, ...given, referenceMode: 'both' }, roles: ['start', 'end'] },
  { what: 'WAN with little memory', job: video, lowMemory: true },
]

it.each(cases)(
  "on a card, computes with the card's tensors alone: $what",
  async ({ job, roles = [], lowMemory = false }) => {
    const references = await Promise.all(roles.map(role => drawReference(job, role)))
    const lane = job.family === 'sdxl' ? 'sdxl' : job.frames === 1 ? 'wan.image' : 'wan.video'
    const { artifacts, latents } = await engine.render(lane, { ...job, references }, { lowMemory })
    expect(artifacts).toHaveLength(job.images)
    expect(latents.every(Number.isFinite)).toBe(true)
    expect(new Set(latents).size).toBeGreaterThan(latents.length / 100)
  },
  LIMIT_MS,
)

it('rewrites a prompt there', async () => {
  expect((await engine.render('wan.enhance', tinyEnhance)).done.text).toMatch(/\w/)
}, 60_000)

it('finds what is on the wrong device, and the program as it is on a card', async () => {
  const { python, env } = await enginePython()
  const checks = fileURLToPath(new URL('testing/card_checks.py', import.meta.url))
  const { stdout } = await execa(python, [checks, engine.modelsDir], { env, extendEnv: false })
  expect(JSON.parse(stdout)).toEqual({
    mixed: [
      'cuda:0',
      'cuda:0',
      'aten::addmm: tensors of two devices',
      "can't convert cuda:0 device type tensor to numpy",
    ],
    precisions: {
      'sdxl unet': 'float16',
      'sdxl text': 'float16',
      // It overflows in half precision, and WAN's bands.
      'sdxl vae': 'float32',
      'wan vae': 'float32',
      'wan blocks': 'bfloat16',
      'wan time': 'float32',
      'wan text': 'bfloat16',
      layout: 'channels_last',
    },
    // At each gate it is waited for the one two before it.
    runAhead: [[], [], [0], [0, 1], [0, 1, 2]],
    parts: [[6], [3, 3], [1, 1, 1, 1, 1, 1]],
  })
}, 120_000)

async function drawReference({ width, height }: RenderJob, role: 'single' | 'start' | 'end') {
  const path = join(engine.folder, `${role}-${width}x${height}.png`)
  const background = { r: 200, g: 60, b: 20 }
  await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toFile(path)
  return { role, path }
}
