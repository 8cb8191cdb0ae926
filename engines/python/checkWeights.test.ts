import { appendFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { checkWeights } from './checkWeights.ts'
import { writeSafetensors, writeSparseSet } from './testing/sparseWeights.ts'
import { fetchCommand, type WeightSetName, type WeightSettings, weightSets } from './weights.ts'

async function models(given: Partial<WeightSettings> = {}) {
  const modelsDir = await temporaryDirectory()
  const settings = {
    modelsDir,
    sdxlCheckpoint: join(modelsDir, 'sdxl-lustify/checkpoint.safetensors'),
    wanCommand: null,
    ...given,
  }
  const setNamed = (name: WeightSetName) => {
    const set = weightSets(settings).find(candidate => candidate.name === name)
    if (set === undefined) throw new Error(`no set ${name}`)
    return set
  }
  return {
    settings,
    file: (name: WeightSetName, path: string) => join(setNamed(name).directory, path),
    async put(...names: WeightSetName[]) {
      for (const name of names) await writeSparseSet(setNamed(name))
    },
    async states() {
      const { sets } = await checkWeights(settings)
      return Object.fromEntries(sets.map(({ name, state }) => [name, state]))
    },
    async report(name: WeightSetName) {
      const found = (await checkWeights(settings)).sets.find(set => set.name === name)
      if (found === undefined) throw new Error(`no report of ${name}`)
      return found
    },
  }
}

const everyDiffusersSet = ['lustify_sdxl', 'sdxl_ip_adapter', 'wan_2_1_vace', 'prompt_enhancer'] as const

test('a folder that is not there: all is missing, and each set says where it goes and what fetches it', async () => {
  const { settings } = await models({ modelsDir: '/nowhere/models' })
  const { ok, families, sets } = await checkWeights(settings, '/opt/env/bin/hf')
  expect({ ok, families }).toEqual({ ok: false, families: { sdxl: false, wan: false } })
  expect(sets.map(({ state }) => state)).toEqual(Array(6).fill('missing'))
  expect(sets.filter(({ hinders }) => hinders).map(({ name }) => name)).toEqual([
    'lustify_sdxl',
    'wan_2_1_vace',
  ])
  const vace = sets.find(({ name }) => name === 'wan_2_1_vace')
  expect(vace?.without).toBe('WAN jobs wait for a machine that has it.')
  expect(vace?.command).toBe(
    '/opt/env/bin/hf download Wan-AI/Wan2.1-VACE-1.3B-diffusers --local-dir /nowhere/models/wan2.1-vace-1.3b-diffusers',
  )
  expect(sets[0]?.command).toMatch(/^copy it to .*checkpoint\.safetensors .*SDXL_CHECKPOINT/)
})

test('whole sets are complete, and T2V and the other VAE are spare', async () => {
  const { put, settings } = await models()
  await put(...everyDiffusersSet)
  const { ok, sets } = await checkWeights(settings)
  expect(ok).toBe(true)
  for (const { name, state, whole, problems, bytes, expectedBytes, spare } of sets) {
    if (name === 'wan_2_1_t2v' || name === 'sdxl_fp16_vae')
      expect({ state, whole, spare }).toEqual({ state: 'missing', whole: false, spare: true })
    else {
      expect({ name, state, whole, problems }).toEqual({ name, state: 'complete', whole: true, problems: [] })
      expect(bytes).toBeGreaterThanOrEqual(expectedBytes)
    }
  }
})

test('an optional set that is not whole hinders nothing, and is told with what fetches it', async () => {
  const { put, file, settings, report } = await models()
  await put(...everyDiffusersSet, 'sdxl_fp16_vae')
  const weights = 'diffusion_pytorch_model-00002-of-00002.safetensors'
  await rm(file('sdxl_fp16_vae', weights))
  expect((await checkWeights(settings)).ok).toBe(true)
  const { directory, ...told } = await report('sdxl_fp16_vae')
  expect(told).toMatchObject({ state: 'incomplete', hinders: false, spare: true })
  expect(told.command).toBe(
    `hf download madebyollin/sdxl-vae-fp16-fix config.json diffusion_pytorch_model.safetensors --local-dir ${directory}`,
  )
})

test('T2V alone renders every type, but no reference', async () => {
  const { put, settings, report } = await models()
  await put('lustify_sdxl', 'wan_2_1_t2v')
  expect((await checkWeights(settings)).ok).toBe(true)
  expect(await report('wan_2_1_vace')).toMatchObject({
    state: 'missing',
    hinders: false,
    without: expect.stringContaining('with a reference fail'),
  })
})

test('with WAN_COMMAND the original format counts, not the other', async () => {
  const { put, settings, states } = await models({ wanCommand: '/opt/wan_generate.py' })
  await put('lustify_sdxl')
  expect((await checkWeights(settings)).ok).toBe(false)
  await put('wan_command_t2v')
  expect((await checkWeights(settings)).ok).toBe(true)
  expect(await states()).toEqual({
    lustify_sdxl: 'complete',
    sdxl_ip_adapter: 'missing',
    sdxl_fp16_vae: 'missing',
    wan_command_t2v: 'complete',
    wan_command_vace: 'missing',
    prompt_enhancer: 'missing',
  })
})

const T5 = 'text_encoder/model'
const faults: [string, string, (file: string) => Promise<unknown>, RegExp][] = [
  ['a missing shard', `${T5}-00002-of-00002.safetensors`, file => rm(file), /missing: .*00002-of-00002/],
  [
    'a shard that was cut short',
    `${T5}-00001-of-00002.safetensors`,
    async file => truncate(file, (await stat(file)).size - 1),
    /broken: .*00001-of-00002\S*: it is cut short: \d+ of \d+ bytes/,
  ],
  ['an empty shard', `${T5}-00001-of-00002.safetensors`, file => truncate(file, 0), /it is empty/],
  [
    'a page where weights should be',
    `${T5}-00001-of-00002.safetensors`,
    file => writeFile(file, '<html>Please log in</html>'),
    /it is no safetensors file/,
  ],
  [
    'a header that is no JSON',
    `${T5}-00001-of-00002.safetensors`,
    file => writeFile(file, Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('nope')])),
    /broken: .*JSON/,
  ],
  [
    'bytes beyond the end',
    `${T5}-00001-of-00002.safetensors`,
    file => appendFile(file, 'x'),
    /longer than its header says/,
  ],
  [
    'an index without shards',
    `${T5}.safetensors.index.json`,
    file => writeFile(file, '{}'),
    /names no shards/,
  ],
  ['no index at all', `${T5}.safetensors.index.json`, file => rm(file), /missing: .*model\.safetensors/],
  ['a broken configuration', 'vae/config.json', file => writeFile(file, '{'), /broken: .*vae\/config\.json/],
  ['a model of a toy', 'transformer/diffusion_pytorch_model.safetensors', makeToy, /about \d+ are expected/],
]

async function makeToy(file: string): Promise<void> {
  await rm(file.replace('.safetensors', '.safetensors.index.json'))
  await writeSafetensors(file, 1000)
}

test.each(faults)('%s is found', async (_what, path, spoil, says) => {
  const { put, file, report } = await models()
  await put('wan_2_1_vace')
  await spoil(file('wan_2_1_vace', path))
  const { state, problems, hinders, whole } = await report('wan_2_1_vace')
  expect({ state, hinders, whole }).toEqual({ state: 'incomplete', hinders: true, whole: spoil === makeToy })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(says)
})

test('a file that is replaced by one of the same size is read anew', async () => {
  const { put, file, report } = await models()
  await put('lustify_sdxl')
  const path = file('lustify_sdxl', 'checkpoint.safetensors')
  expect((await report('lustify_sdxl')).whole).toBe(true)
  const { size, atime, mtime } = await stat(path)
  // The clock of a file system may tick no quicker.
  await sleep(20)
  await truncate(path, 0)
  await truncate(path, size)
  await utimes(path, atime, mtime)
  expect(await report('lustify_sdxl')).toMatchObject({
    whole: false,
    problems: [expect.stringMatching(/^broken: /)],
  })
})

test('a torch archive that was cut short is found', async () => {
  const { put, file, report } = await models({ wanCommand: '/opt/wan_generate.py' })
  await put('wan_command_t2v')
  const path = file('wan_command_t2v', 'Wan2.1_VAE.pth')
  await writeFile(path, 'PK')
  await truncate(path, 500_000_000)
  expect((await report('wan_command_t2v')).problems).toEqual([`broken: ${path}: it is cut short`])
  await appendFile(path, Buffer.from(`PK\u0005\u0006${'\0'.repeat(18)}`, 'latin1'))
  expect((await report('wan_command_t2v')).state).toBe('complete')
})

test('a path with spaces and quotes stays one word of the command', () => {
  const [, set] = weightSets({ modelsDir: "/a b/it's", sdxlCheckpoint: '/x/y', wanCommand: null })
  if (set === undefined) throw new Error('no set')
  expect(fetchCommand(set, 'hf')).toMatch(
    /^hf download h94\/IP-Adapter sdxl_models\/.* --local-dir '\/a b\/it'\\''s\/ip-adapter'$/,
  )
})
