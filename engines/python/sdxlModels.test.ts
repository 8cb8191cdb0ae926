import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { enginePython } from './testing/enginePython.ts'

const CHECKS = fileURLToPath(new URL('testing/sdxl_checks.py', import.meta.url))

let facts: Record<string, unknown>

/** One program finds out all of it: importing the libraries takes longer than everything else. */
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sdxl-'))
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [CHECKS, folder], { env, extendEnv: false })
  await rm(folder, { recursive: true })
  facts = JSON.parse(stdout)
}, 300_000)

it('a short prompt without weights is told to the UNet as diffusers tells it', () => {
  expect(facts.text).toEqual({ embeds: true, negative_embeds: true, pooled: true, negative_pooled: true })
})

it('a long prompt is cut at a late comma, not at the early point of a number, and a weight changes what it is in alone', () => {
  expect(facts.longText).toEqual({ chunks: [2, 2], firstIsLeft: true, lastIsWeighted: true })
})

it('the last step of every solver begins near no noise', () => {
  const noise = z.record(z.string(), z.number()).parse(facts.lastNoise)
  expect(Object.keys(noise)).toEqual(['unipc', 'dpm++', 'euler', 'euler_a', 'ddim'])
  expect(Math.max(...Object.values(noise))).toBeLessThan(0.05)
})

it('an image without a reference is diffusers’ own', () => {
  expect(facts.asBare).toBe(true)
})

it('an image over a reference is diffusers’ own too, by even steps', () => {
  expect(facts.drawnOver).toBe(true)
})

it('an adapter is put in as load_ip_adapter does; style and layout are each drawn in one block, a character in all', () => {
  const asLoaded = { weights: true, kinds: true, latents: true }
  const attentions = {
    'down_blocks.1': 2,
    'down_blocks.2': 2,
    'up_blocks.0': 3,
    'up_blocks.1': 3,
    mid_block: 1,
  }
  const every = Object.entries(attentions).flatMap(([block, count]) =>
    Array.from({ length: count }, (_, index) => [`${block}.attentions.${index}`, [0.6]]),
  )
  expect(facts.adapters).toEqual({
    style: { ...asLoaded, blocks: { 'up_blocks.0.attentions.1': [0.6] } },
    composition: { ...asLoaded, blocks: { 'down_blocks.2.attentions.1': [0.6] } },
    character: { ...asLoaded, blocks: Object.fromEntries(every) },
  })
})
