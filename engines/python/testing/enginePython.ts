import { fileURLToPath } from 'node:url'
import { parseConfig } from '../../../runtime/config.ts'
import { findEnvironment } from '../environment.ts'
import { chooseList, listFile } from '../requirementLists.ts'

const PACKAGES = fileURLToPath(new URL('..', import.meta.url))

/** The Python of the engine's environment, which `npm test` makes first, and what it needs to find our package. */
export async function enginePython(): Promise<{ python: string; env: Record<string, string> }> {
  const { engine, cacheDir } = parseConfig(process.env)
  const list = listFile(chooseList(null))
  const python = await findEnvironment({ python: engine.python, cacheDir, list })
  if (python === null)
    throw new Error('The engine has no Python environment: node dev/bringEngine.ts makes it.')
  return {
    python,
    env: {
      PATH: process.env.PATH ?? '',
      PYTHONPATH: PACKAGES,
      PYTHONDONTWRITEBYTECODE: '1',
      HF_HUB_OFFLINE: '1',
      OMP_NUM_THREADS: '1',
    },
  }
}
