import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, expect, it } from 'vitest'
import { enginePython } from './testing/enginePython.ts'

const CHECKS = fileURLToPath(new URL('testing/failure_checks.py', import.meta.url))

let facts: Record<string, unknown>

/** One program finds out all of it: importing the libraries takes longer than everything else. */
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'failures-'))
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [CHECKS, folder], { env, extendEnv: false })
  await rm(folder, { recursive: true })
  facts = JSON.parse(stdout)
}, 300_000)

it('a picture that is not there or none is invalid for good, one that is out of reach is looked at again', () => {
  const [well, invalid, again] = ['well', 'invalid_input', 'internal'].map(said => [said, said])
  expect(facts.pictures).toEqual({
    well,
    absent: invalid,
    'a folder': invalid,
    text: invalid,
    cut: invalid,
    'of another size': invalid,
    'out of reach': again,
    'too many files': again,
  })
})

it('weights that are not there or broken are missing for good, those out of reach are read again', () => {
  expect(facts.checkpoint).toEqual({
    well: 'well',
    absent: 'model_missing',
    'a folder': 'model_missing',
    cut: 'model_missing',
    'out of reach': 'internal',
    'too many files': 'internal',
  })
  expect(facts.adapter).toEqual({
    cut: 'model_missing',
    'too many files': 'internal',
    'installed, cut': 'well',
    'installed, too many files': 'internal',
  })
  expect(facts.index).toEqual({ cut: 'model_missing', 'out of reach': 'internal' })
})

it('the optional VAE decodes where it is whole; else the checkpoint’s own does, and the operator is told why', () => {
  const warning = "MODELS/sdxl-vae-fp16-fix is not whole: the checkpoint's own VAE decodes, in fp32"
  expect(facts.safeVae).toEqual({
    absent: ['float32'],
    '.safetensors cut': ['float32', warning],
    '.safetensors absent': ['float32', warning],
    '.json cut': ['float32', warning],
    '.json absent': ['float32', warning],
    whole: ['float16'],
  })
})

it('a file that the system does not tell of is not taken for absent', () => {
  expect(facts.there).toEqual({
    'a file': 'True False',
    'a folder': 'False True',
    nothing: 'False False',
    'within a file': 'False False',
    unsaid: 'internal internal',
  })
})

it('latents and pixels that are no numbers are no picture', () => {
  const said = ['well', 'internal', 'internal']
  expect(facts.notFinite).toEqual({ sdxl: said, wan: said })
})

it('a prompt whose weights cost too much is drawn without them, and the operator told of which job', () => {
  expect(facts.leftOut).toEqual(["job-7: a prompt's weights were left out"])
})

it('a trace is told to its end, without a word of the error, and only of what nobody knows', () => {
  expect(facts.trace).toEqual([true, true, true, true])
})

it('of weights that are not there it is said where they belong, and what tells or is the command that fetches them', () => {
  const check = '; `ourvidz models check` tells the command that fetches them'
  const vace = (folder: string, repository: string) =>
    `; they are fetched by: hf download Wan-AI/${repository} --local-dir '/a b/it'"'"'s/${folder}'`
  const diffusers = 'wan2.1-vace-1.3b-diffusers'
  const expected = `expected in /a b/it's/${diffusers}`
  expect(facts.missing).toEqual({
    wan: `model_missing: WAN 2.1 1.3B is not installed: its weights are ${expected}${check}`,
    vace: `model_missing: a WAN job with a reference needs the weights of VACE, ${expected}${vace(diffusers, 'Wan2.1-VACE-1.3B-diffusers')}`,
    'wan by command': `model_missing: the weights for t2v-1.3B are not whole in /a b/it's/wan2.1-t2v-1.3b${check}`,
    'vace by command': `model_missing: the weights for vace-1.3B are not whole in /a b/it's/wan2.1-vace-1.3b${vace('wan2.1-vace-1.3b', 'Wan2.1-VACE-1.3B')}`,
    enhancer: `model_missing: the weights of the prompt enhancer are not in /a b/it's/qwen2.5-7b-instruct${check}`,
  })
})

it('a job whose models are in memory needs no disk', () => {
  expect(facts.withoutItsFolder).toEqual(['well', 'model_missing'])
})
