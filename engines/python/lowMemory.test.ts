import { afterAll, beforeAll, expect, it } from 'vitest'
import { type EngineHarness, openEngine, type Result } from './testing/engineHarness.ts'
import { tinyImage, tinyVideo } from './testing/tinyJobs.ts'

/**
 * What the program may map beyond what it has when it is ready: enough to decode SDXL's and WAN's sizes in tiles, and too
 * little to decode them whole [170 and 240 were tried]. The kernel refuses the rest, so the failures are real ones.
 */
const BUDGET_MIB = 190
/** Else each thread of glibc's maps 64 MiB for itself when it likes to, and freed memory stays mapped: no two runs are alike. */
const env = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536' }
const WARNING = 'out of memory, tried once more with less'
const LIMIT_MS = 300_000

const large = { ...tinyImage, width: 1024, height: 1024, steps: 1 }
const tooLarge = { ...large, width: 2048, height: 2048 }
const wanImage = { ...tinyVideo, type: 'image_fast', width: 480, height: 832, frames: 1, steps: 1 } as const

let engine: EngineHarness
/** Of the image that was made with less at the second try. */
let second: Result['latents']

beforeAll(async () => {
  engine = await openEngine({ budgetMiB: BUDGET_MIB, env })
}, LIMIT_MS)

afterAll(async () => {
  await engine.close()
  const { stderr } = await engine.program.exited
  expect(stderr.match(/tried once more with less/g)).toHaveLength(3)
  const warned = engine.program.events.filter(event => event.type === 'warning')
  expect(warned.map(({ message }) => message.split(': ')[1])).toEqual([WARNING, WARNING, WARNING])
})

it(
  'an image for which memory runs out is made with less, from the same seed',
  async () => {
    const { artifacts, latents } = await engine.render('sdxl', large)
    expect(artifacts).toMatchObject([{ width: 1024, height: 1024, seed: large.seed }])
    expect(latents).toHaveLength(4 * 128 * 128)
    second = latents
  },
  LIMIT_MS,
)

it(
  'an image that is to be made with less is, at the first try, and is the same',
  async () => {
    const { latents } = await engine.render('sdxl', large, { lowMemory: true })
    expect(latents).toEqual(second)
    // With less at hand there is no second try.
    await expect(engine.render('sdxl', tooLarge, { lowMemory: true })).rejects.toMatchObject({ code: 'oom' })
  },
  LIMIT_MS,
)

it(
  'a job that does not fit with less either fails as one that may be tried again, and the next is made',
  async () => {
    await expect(engine.render('sdxl', tooLarge)).rejects.toMatchObject({ code: 'oom' })
    expect(engine.program.events.findLast(({ type }) => type === 'failed')).toMatchObject({ retryable: true })
    expect((await engine.render('sdxl', tinyImage)).artifacts).toHaveLength(1)
  },
  LIMIT_MS,
)

it(
  'so is one of WAN',
  async () => {
    const { artifacts, latents } = await engine.render('wan.image', wanImage)
    expect(artifacts).toMatchObject([{ width: 480, height: 832, seed: wanImage.seed }])
    expect((await engine.render('wan.image', wanImage, { lowMemory: true })).latents).toEqual(latents)
  },
  LIMIT_MS,
)
