import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { enginePython } from '../../engines/python/testing/enginePython.ts'
import { MODELS } from '../../gpu/models.ts'

const script = fileURLToPath(new URL('full_size.py', import.meta.url))
const model = z.object({ parameters: z.int(), bytes: z.int() })
const counted = z.object({ sdxl: model, vace: model, wan_vae: model, umt5_xxl: model })

it('has full-size models that weigh what the memory table says', async () => {
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [script, '--count'], { env, extendEnv: false })
  const { sdxl, vace, wan_vae, umt5_xxl } = counted.parse(JSON.parse(stdout))
  const mib = (...models: { bytes: number }[]) => models.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20
  // The table is rounded to 10 MB.
  const off = (residentMiB: number, ...models: { bytes: number }[]) => Math.abs(residentMiB - mib(...models))
  expect(off(MODELS.lustify_sdxl.residentMiB, sdxl)).toBeLessThan(10)
  expect(off(MODELS.wan_2_1_1_3b.residentMiB, vace, wan_vae)).toBeLessThan(10)
  expect(off(MODELS.umt5_xxl.residentMiB, umt5_xxl)).toBeLessThan(10)
})
