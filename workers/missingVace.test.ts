import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createEnhancePrompt } from '../activities/enhancePrompt.ts'
import { writeSparseSet } from '../engines/python/testing/sparseWeights.ts'
import { weightSets } from '../engines/python/weights.ts'
import { barePayload, PICTURE_URL, planOf } from '../jobs/testing/payloads.ts'
import { parseConfig } from '../runtime/config.ts'
import { temporaryDirectory } from '../test/temporaryDirectory.ts'
import { createMissingVace } from './missingVace.ts'

async function machine(more: Record<string, string> = {}) {
  const modelsDir = await temporaryDirectory()
  const config = parseConfig({
    ENGINE: 'diffusers',
    MODELS_DIR: modelsDir,
    SDXL_CHECKPOINT: join(modelsDir, 'sdxl.safetensors'),
    ...more,
  })
  return { config, missingVace: createMissingVace(config) }
}

const enhanced = (metadata: object) => planOf(barePayload('video7b_fast_enhanced', {}, { ...metadata }))
const plan = enhanced({})
const referring = enhanced({ start_reference_url: PICTURE_URL })
const lenient = enhanced({ start_reference_url: PICTURE_URL, reference_fallback: true })

it('a reference that no model here can honour is told by a look at the files', async () => {
  const { config, missingVace } = await machine()
  expect(await missingVace(referring)).toContain('hf download Wan-AI/Wan2.1-VACE-1.3B-diffusers')
  expect(await missingVace(plan)).toBeNull()
  // It is dropped, and the job goes on.
  expect(await missingVace(lenient)).toBeNull()
  for (const set of weightSets(config.engine)) if (set.name === 'wan_2_1_vace') await writeSparseSet(set)
  expect(await missingVace(referring)).toBeNull()
})

it('an engine of another make is not asked for files of ours', async () => {
  const { missingVace } = await machine({ ENGINE: 'preview' })
  expect(await missingVace(referring)).toBeNull()
})

it('the card rewrites no prompt for a job that cannot be rendered', async () => {
  const { missingVace } = await machine()
  const asked: string[] = []
  const program = {
    run: async ({ id }: { id: string }) => {
      asked.push(id)
      throw new Error('nobody should have asked')
    },
  }
  const enhancePrompt = createEnhancePrompt({ program, simulate: false, missingVace })
  await expect(enhancePrompt({ plan: referring })).rejects.toMatchObject({ code: 'model_missing' })
  expect(asked).toEqual([])
})
