import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { enginePython } from './testing/enginePython.ts'

const CHECKS = fileURLToPath(new URL('testing/compile_checks.py', import.meta.url))

const factsOf = (model: string) => ({
  compiled: { graphs: true, same: true, gates: true, cancels: true, log: '' },
  notCompiled: {
    same: true,
    gates: true,
    log: `${model} is not compiled from now on, which is slower: BackendCompilerFailed\n`,
  },
  withoutMemory: 'oom',
})

/** One program finds out all of it: importing the libraries takes longer than everything else. */
it('compiled blocks draw the same through the same gates, and those that cannot be compiled are drawn without', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'compiled-'))
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [CHECKS, folder], { env, extendEnv: false })
  await rm(folder, { recursive: true })
  expect(JSON.parse(stdout)).toEqual({
    sdxl: factsOf('UNet2DConditionModel'),
    wan: factsOf('WanVACETransformer3DModel'),
  })
}, 300_000)
