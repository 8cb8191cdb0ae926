import { describe, expect, test } from 'vitest'
import { createMemoryBudget } from './memoryBudget.ts'
import type { MemoryJob } from './memoryNeeds.ts'
import { needsOf } from './memoryNeeds.ts'
import { budgetOf, MODELS } from './models.ts'

const installed = { ipAdapter: true, wanByCommand: false }
const picture = {
  kind: 'render',
  family: 'sdxl',
  images: 4,
  width: 1024,
  height: 1024,
  frames: 1,
  referenceMode: 'none',
  referenceType: null,
} as const satisfies MemoryJob
const video = { ...picture, family: 'wan', images: 1, width: 480, height: 832, frames: 81 } as const

const weightsMiB = (models: readonly string[]) =>
  Object.entries(MODELS).reduce((sum, [name, row]) => sum + (models.includes(name) ? row.residentMiB : 0), 0)

describe('the table', () => {
  test('all weights are 40.45 GB', () => {
    expect((weightsMiB(Object.keys(MODELS)) * 2 ** 20) / 1e9).toBeCloseTo(40.45, 1)
  })

  const style = { referenceMode: 'single', referenceType: 'style' } as const
  const character = { referenceMode: 'single', referenceType: 'character' } as const
  // docs/gpu-figures.md.
  test.each([
    ['an SDXL image', { ...picture, images: 1 }, 10_831],
    ['six', { ...picture, images: 6 }, 10_822],
    ['six by style', { ...picture, ...style, images: 6 }, 12_708],
    ['six by character', { ...picture, ...character, images: 6 }, 13_026],
    ['a WAN image', { ...video, frames: 1 }, 8062],
    ['a WAN video', video, 15_620],
    ['a WAN video with one reference', { ...video, referenceMode: 'single' }, 15_973],
  ] as const)('%s: no less than what was measured, and hardly more', (_what, job, measuredMiB) => {
    const { models, workingMiB } = needsOf(job, installed)
    const tableMiB = workingMiB + weightsMiB(models)
    expect(tableMiB).toBeGreaterThanOrEqual(measuredMiB)
    expect(tableMiB).toBeLessThan(1.04 * measuredMiB)
  })

  test.each([
    ['text', {}, ['lustify_sdxl']],
    ['ip-adapter', { referenceMode: 'single', referenceType: 'style' }, ['lustify_sdxl', 'sdxl_ip_adapter']],
    ['img2img', { referenceMode: 'single', referenceType: null }, ['lustify_sdxl']],
  ] as const)('SDXL by %s', (how, given, models) => {
    expect(needsOf({ ...picture, ...given }, installed)).toMatchObject({
      kindKey: `sdxl ${how} 4x1024x1024`,
      models,
      transient: [],
    })
  })

  test('without the weights of the IP-Adapter a reference needs none', () => {
    const job = { ...picture, referenceMode: 'single', referenceType: 'style' } as const
    expect(needsOf(job, { ...installed, ipAdapter: false }).models).toEqual(['lustify_sdxl'])
  })

  test('a video needs the most when it is decoded, which depends on its pixels and hardly on its frames', () => {
    const working = (more: object) => needsOf({ ...video, ...more }, installed).workingMiB
    expect(needsOf(video, installed)).toMatchObject({ models: ['wan_2_1_1_3b'], transient: ['umt5_xxl'] })
    expect(working({ referenceMode: 'both' })).toBe(working({}))
    expect(working({ frames: 9 })).toBe(working({}))
    expect(working({ width: 960 })).toBeGreaterThan(1.9 * working({}))
    expect(working({ frames: 1 })).toBeLessThan(working({}) / 2)
  })

  test('a longer video with a single reference keeps hints, and a latent frame more', () => {
    const of = (referenceMode: 'none' | 'start' | 'single') =>
      needsOf({ ...video, frames: 241, referenceMode }, installed).workingMiB
    // Three times 1.5 GB, calculated.
    expect(((of('start') - of('none')) * 2 ** 20) / 1e9).toBeCloseTo(4.39, 1)
    expect(of('single')).toBeGreaterThan(of('start'))
  })

  test('WAN by command is a process of its own: no models of ours, 17.6 GB or more', () => {
    const needs = needsOf(video, { ...installed, wanByCommand: true })
    expect(needs).toMatchObject({ models: [], transient: [] })
    expect(needs.workingMiB * 2 ** 20).toBeGreaterThan(17.6e9)
  })
})

describe('a budget', () => {
  test('leaves room for the context, and for what others use', () => {
    expect(budgetOf(49_140)).toBe(47_645)
    expect(budgetOf(49_140, 1000)).toBe(46_645)
    expect(budgetOf(300)).toBe(0)
    expect(budgetOf(143_771, 1000, 49_140)).toBe(47_645)
    expect(budgetOf(49_140, 1000, 49_140)).toBe(46_645)
  })

  test('of the card that this is for holds all weights and what an image takes, also with ECC on; not what a video takes', () => {
    const all = weightsMiB(Object.keys(MODELS))
    expect(budgetOf(46_068)).toBeGreaterThan(all + needsOf(picture, installed).workingMiB)
    expect(budgetOf(49_140)).toBeLessThan(all + needsOf(video, installed).workingMiB)
  })

  test('of the smallest card of the 24 GB profile has room for every kind of job alone', () => {
    const wanSizes = [1, 81].flatMap(frames =>
      (['none', 'both', 'single'] as const).map(mode => ({ ...video, frames, referenceMode: mode })),
    )
    const most = { ...picture, images: 6, referenceMode: 'single', referenceType: 'style' } as const
    for (const job of [...wanSizes, most, { kind: 'enhance' } as const]) {
      const { models, transient, workingMiB, encodingMiB } = needsOf(job, installed)
      const peak = weightsMiB(models) + Math.max(workingMiB, weightsMiB(transient) + encodingMiB)
      expect(peak).toBeLessThan(budgetOf(23_028))
    }
  })

  test.each(['rtx 4090', 'least'])('of a 24 GB card (%s) refuses no SDXL job of any size', card => {
    const budgetMiB = card === 'least' ? budgetOf(22_528) : budgetOf(24_564)
    for (const images of [1, 3, 6]) {
      for (const side of [512, 1024, 1280, 1536]) {
        for (const referenceMode of ['none', 'single'] as const) {
          const job = { ...picture, images, width: side, height: side, referenceMode }
          const budget = createMemoryBudget({ budgetMiB, now: () => 0 })
          const referenceType = referenceMode === 'none' ? null : 'style'
          expect(budget.reserve('a', needsOf({ ...job, referenceType }, installed)).kind).toBe('reserved')
        }
      }
    }
  })
})
