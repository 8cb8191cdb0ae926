import { join } from 'node:path'
import { findEnvironment } from '../engines/python/environment.ts'
import { listFile } from '../engines/python/requirementLists.ts'
import type { Config } from '../runtime/config.ts'

/** The program that fetches weights: the environment's own where one is made, else by its name. */
export async function foundHf({ cacheDir, engine }: Config, path: string): Promise<string> {
  for (const list of ['cuda13', 'cuda12'] as const) {
    const options = { python: engine.python, cacheDir, list: listFile(list), path }
    const python = await findEnvironment(options).catch(() => null)
    if (python !== null) return join(python, '..', 'hf')
  }
  return 'hf'
}
