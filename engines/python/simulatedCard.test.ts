import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RenderJob } from '../protocol.ts'
import { type EngineHarness, openEngine } from './testing/engineHarness.ts'
import { runPython } from './testing/runPython.ts'
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

it('would tell of a tensor that is not on the card', async () => {
  expect(await runPython(MIXED, null)).toEqual(['cuda:0', 'cuda:0', 'two devices', 'no numpy'])
}, 60_000)

const MIXED = `
import json, sys
from pathlib import Path
import ourvidz_engine
sys.path.insert(0, str(Path(ourvidz_engine.__file__).parents[1] / "testing"))
import torch
from simulated_card import OnCall, OnDispatch, simulate
simulate()
told = []
with OnCall(), OnDispatch(), torch.no_grad():
    layer = torch.nn.Linear(3, 4).to("cuda")
    told += [str(layer.weight.device), str(layer(torch.ones(1, 3, device="cuda")).device)]
    try:
        layer(torch.ones(1, 3))
    except RuntimeError as error:
        told.append("two devices" if "two devices" in str(error) else str(error))
    try:
        layer.weight.detach().numpy()
    except TypeError:
        told.append("no numpy")
print(json.dumps(told))`

async function drawReference({ width, height }: RenderJob, role: 'single' | 'start' | 'end') {
  const path = join(engine.folder, `${role}-${width}x${height}.png`)
  const background = { r: 200, g: 60, b: 20 }
  await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toFile(path)
  return { role, path }
}
