import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { writeSparseSet } from '../engines/python/testing/sparseWeights.ts'
import { type WeightSetName, weightSets } from '../engines/python/weights.ts'
import { createProgramHarness } from '../engines/testing/programHarness.ts'
import { parseConfig } from '../runtime/config.ts'
import { createReadiness } from '../runtime/readiness.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createCardStatus, laneChecks } from './cardStatus.ts'
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
    preparation: PREPARED,
    card: null,
    memory: () => null,
  }
  const ready = createReadiness(
    laneChecks(() => deps),
    log,
  )
  return {
    modelsDir,
    async fetch(...names: WeightSetName[]) {
      for (const set of weightSets(config.engine)) if (names.includes(set.name)) await writeSparseSet(set)
    },
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

it('a lane is not ready while its weights are missing, and is as soon as they are fetched', async () => {
  const { modelsDir, fetch, lanes } = await served('diffusers')
  const missing = `weights are missing in ${modelsDir}: \`ourvidz models check\` says which, and what fetches them`
  expect(await lanes()).toEqual([missing, missing, missing, null])
  await fetch('lustify_sdxl')
  expect(await lanes()).toEqual([null, missing, missing, null])
  await fetch('wan_2_1_t2v')
  expect(await lanes()).toEqual([null, null, null, null])
})

it('another engine needs none of ours', async () => {
  const { lanes } = await served('preview')
  expect(await lanes()).toEqual([null, null, null, null])
})
