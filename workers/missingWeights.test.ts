import { mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { writeSafetensors, writeSparseSet } from '../engines/python/testing/sparseWeights.ts'
import { type WeightSetName, weightSets } from '../engines/python/weights.ts'
import { createProgramHarness } from '../engines/testing/programHarness.ts'
import { LANES } from '../jobs/jobTypes.ts'
import { parseConfig } from '../runtime/config.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { createReadiness } from '../runtime/readiness.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createCardStatus, laneChecks } from './cardStatus.ts'
import { whyClosed } from './laneGate.ts'
import { createMissingWeights } from './missingWeights.ts'
import { PREPARED } from './testing/prepared.ts'

const log = pino({ level: 'silent' })
const harness = createProgramHarness()

afterEach(async () => {
  expect(await harness.leftovers()).toEqual([])
})

async function served(kind: 'diffusers' | 'preview') {
  const modelsDir = await temporaryDirectory()
  const config = parseConfig({
    ENGINE: kind,
    MODELS_DIR: modelsDir,
    SDXL_CHECKPOINT: join(modelsDir, 'sdxl.safetensors'),
  })
  const program = harness.program()
  await program.start()
  const deps = {
    hostId: 'gpu-1',
    program,
    lanes: { get: () => 'open' as const },
    workerState: () => 'RUNNING',
    missingWeights: createMissingWeights(config),
    noRoom: async () => null,
    preparation: PREPARED,
    card: null,
    memory: () => null,
  }
  const ready = createReadiness({ checks: laneChecks(() => deps), log, metrics: createMetrics() })
  return {
    modelsDir,
    async fetch(...names: WeightSetName[]) {
      for (const set of weightSets(config.engine)) if (names.includes(set.name)) await writeSparseSet(set)
    },
    file(name: WeightSetName, path: string) {
      const set = weightSets(config.engine).find(candidate => candidate.name === name)
      return join(set?.directory ?? '', path)
    },
    /** Why no job of a lane is taken, in the order of the lanes. */
    closed: () => Promise.all(LANES.map(lane => whyClosed(deps, lane))),
    async lanes() {
      const { lanes } = await createCardStatus(deps)()
      const { checks } = await ready()
      const told = lanes.map(({ lane, ready, reason }) => [lane, ready, reason])
      const checked = Object.entries(checks).map(([name, { ok, error }]) => [
        name.slice('lane '.length),
        ok,
        error ?? null,
      ])
      expect(checked).toEqual(told)
      return lanes.map(({ reason }) => reason)
    },
  }
}

const says = (what: string, modelsDir: string) =>
  `weights are ${what} in ${modelsDir}: \`ourvidz models check\` says which, and what fetches them`

it('a lane is closed while its weights are missing, and opens as soon as they are fetched', async () => {
  const { modelsDir, fetch, lanes, closed } = await served('diffusers')
  const missing = says('missing or not whole', modelsDir)
  expect(await lanes()).toEqual([missing, missing, missing, null])
  expect(await closed()).toEqual([missing, missing, missing, null])
  await fetch('lustify_sdxl')
  expect(await lanes()).toEqual([null, missing, missing, null])
  await fetch('wan_2_1_t2v')
  expect(await lanes()).toEqual([null, null, null, null])
  expect(await closed()).toEqual([null, null, null, null])
})

it('a lane stays closed while its weights come, and closes while they are replaced', async () => {
  const { modelsDir, file, fetch, closed } = await served('diffusers')
  const missing = says('missing or not whole', modelsDir)
  const folder = file('wan_2_1_t2v', '')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'model_index.json'), '{}')
  await writeFile(file('lustify_sdxl', 'sdxl.safetensors'), '')
  expect(await closed()).toEqual([missing, missing, missing, null])
  await fetch('lustify_sdxl', 'wan_2_1_t2v')
  expect(await closed()).toEqual([null, null, null, null])

  await truncate(file('lustify_sdxl', 'sdxl.safetensors'), 2 ** 20)
  await rm(join(folder, 'text_encoder/model-00002-of-00002.safetensors'))
  expect(await closed()).toEqual([missing, missing, missing, null])
  await fetch('wan_2_1_t2v')
  await rm(join(folder, 'vae/config.json'))
  expect(await closed()).toEqual([missing, missing, missing, null])
})

it('a lane whose weights are whole, but small for what they should be, is told and open', async () => {
  const { modelsDir, file, fetch, lanes, closed } = await served('diffusers')
  await fetch('wan_2_1_t2v')
  await writeSafetensors(file('lustify_sdxl', 'sdxl.safetensors'), 1000)
  expect(await lanes()).toEqual([says('smaller than expected', modelsDir), null, null, null])
  expect(await closed()).toEqual([null, null, null, null])
})

it('another engine needs none of ours', async () => {
  const { lanes } = await served('preview')
  expect(await lanes()).toEqual([null, null, null, null])
})
