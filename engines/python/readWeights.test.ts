import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { enginePython } from './testing/enginePython.ts'

const CHECKS = fileURLToPath(new URL('testing/weight_checks.py', import.meta.url))

/** In fp32, bf16 and fp16. */
const inEachDtype = [true, true, true]

/** One program finds out all of it: importing the libraries takes longer than everything else. */
it('weights are read as from_pretrained reads them; damage is told as such, and no memory as something else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weights-'))
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, [CHECKS, folder], { env, extendEnv: false })
  await rm(folder, { recursive: true })
  expect(JSON.parse(stdout)).toEqual({
    wan: inEachDtype,
    sdxl: inEachDtype,
    enhancer: {
      one: inEachDtype,
      several: inEachDtype,
      first: inEachDtype,
      last: inEachDtype,
      both: inEachDtype,
    },
    damaged: {
      'no file': 'model_missing',
      'cut file': 'model_missing',
      'no shard': 'model_missing',
      'cut index': 'model_missing',
      'no tensor': 'model_missing',
    },
    installed: [true, true, false],
    withoutMemory: 'oom',
  })
}, 300_000)
