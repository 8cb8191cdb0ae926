import { join } from 'node:path'
import { findEnvironment } from '../engines/python/environment.ts'
import { CUDA_LISTS, listFile } from '../engines/python/requirementLists.ts'
import type { Config } from '../runtime/config.ts'

/** The program that fetches weights: the environment's own where one is made, else by its name. */
export async function foundHf({ cacheDir, engine }: Config): Promise<string> {
  for (const { name } of CUDA_LISTS) {
    const options = { python: engine.python, cacheDir, list: listFile(name), path: engine.path }
    const python = await findEnvironment(options).catch(() => null)
    if (python !== null) return join(python, '..', 'hf')
  }
  return 'hf'
}
