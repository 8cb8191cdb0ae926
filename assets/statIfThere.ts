import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isMissing } from './atomicFile.ts'

/** Null only where there is no such file: a volume that cannot be read for a moment rejects, as the file may well be there. */
export async function statIfThere(file: string): Promise<Stats | null> {
  try {
    return await stat(file)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
