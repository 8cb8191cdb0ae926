import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { enginePython } from '../../engines/python/testing/enginePython.ts'
import { MODELS } from '../../gpu/models.ts'

const script = fileURLToPath(new URL('full_size.py', import.meta.url))
const model = z.object({ parameters: z.int(), bytes: z.int() })
const counted = z.object({
  ...{ sdxl: model, image_encoder: model, ip_adapter_plus: model },
  ...{ vace: model, wan_vae: model, umt5_xxl: model, qwen: model },
})

it('has full-size models that weigh what the memory table says', async () => {
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [script, '--count'], { env, extendEnv: false })
  const { sdxl, image_encoder, ip_adapter_plus, vace, wan_vae, umt5_xxl, qwen } = counted.parse(
    JSON.parse(stdout),
  )
  const mib = (...models: { bytes: number }[]) => models.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20
  // The table is rounded to 10 MB.
  const off = (residentMiB: number, ...models: { bytes: number }[]) => Math.abs(residentMiB - mib(...models))
  expect(off(MODELS.lustify_sdxl.residentMiB, sdxl)).toBeLessThan(10)
  expect(off(MODELS.sdxl_ip_adapter.residentMiB, image_encoder, ip_adapter_plus)).toBeLessThan(10)
  expect(off(MODELS.wan_2_1_1_3b.residentMiB, vace, wan_vae)).toBeLessThan(10)
  expect(off(MODELS.umt5_xxl.residentMiB, umt5_xxl)).toBeLessThan(10)
  expect(off(MODELS.prompt_enhancer.residentMiB, qwen)).toBeLessThan(10)
})
