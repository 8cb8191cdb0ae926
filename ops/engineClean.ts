import { EXIT } from '../client/cli/exitCodes.ts'
import type { Session } from '../client/cli/session.ts'
import {
  type EarlierEnvironment,
  earlierEnvironments,
  removeEnvironment,
} from '../engines/python/earlierEnvironments.ts'
import { environmentFolder } from '../engines/python/environment.ts'
import { EnvironmentError } from '../engines/python/environmentError.ts'
import { CUDA_LISTS, listFile } from '../engines/python/requirementLists.ts'
import { gigabytes } from './gigabytes.ts'

export interface CleanOptions {
  yes?: boolean
  json?: boolean
}

/** Lists the Python environments that no list of this version asks for, and removes those that nothing uses when told to. */
export async function cleanEnvironments(
  session: Session,
  { yes = false, json }: CleanOptions,
): Promise<void> {
  const { engine, cacheDir } = session.config()
  try {
    const kept = await Promise.all(
      CUDA_LISTS.map(({ name }) =>
        environmentFolder({ python: engine.python, cacheDir, list: listFile(name), path: engine.path }),
      ),
    )
    const found = await earlierEnvironments(kept)
    if (yes) for (const { directory } of found.filter(each => !each.inUse)) await removeEnvironment(directory)
    const told = found.map(each => ({ ...each, removed: yes && !each.inUse }))
    session.print(json ? JSON.stringify(told) : text(told))
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    session.stderr.write(`${error.message}\n`)
    session.ended(EXIT.jobFailed)
  }
}

function text(found: readonly (EarlierEnvironment & { removed: boolean })[]): string {
  if (found.length === 0) return 'No earlier environment is kept.'
  const lines = found.map(({ directory, bytes, inUse, removed }) => {
    const state = removed ? 'removed' : inUse ? 'in use' : 'not used'
    return `${state.padEnd(9)} ${gigabytes(bytes).padStart(8)}  ${directory}`
  })
  const left = found.some(({ inUse, removed }) => !inUse && !removed)
  return [
    ...lines,
    ...(left ? ['', 'ourvidz engine clean --yes removes those that are not used.'] : []),
  ].join('\n')
}
