import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './atomicFile.ts'

/**
 * Whether a path inside a folder, its last part included, goes through a symbolic link. Nothing of ours makes one there, so
 * it leads where its maker wants. What does not exist leads nowhere.
 */
export async function leadsThroughLink(folder: string, path: string): Promise<boolean> {
  let at = folder
  for (const segment of path.split('/')) {
    at = join(at, segment)
    try {
      if ((await lstat(at)).isSymbolicLink()) return true
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }
  return false
}
