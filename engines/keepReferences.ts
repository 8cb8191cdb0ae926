import { constants } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { diskFull, errorCode } from '../assets/atomicFile.ts'
import { JobFailure } from '../jobs/failures.ts'
import type { RenderJob } from './protocol.ts'

/**
 * Copies a job's references into the folder of its render: it may wait in line for hours, and staging is cleaned meanwhile.
 * Throws `staged_lost` for one that is gone already, or `disk_full`.
 */
export async function keepReferences(
  references: RenderJob['references'],
  folder: string,
): Promise<RenderJob['references']> {
  return await Promise.all(
    references.map(async ({ role, path }, index) => {
      const kept = join(folder, `reference-${index}`)
      await keep(path, kept)
      return { role, path: kept }
    }),
  )
}

async function keep(path: string, kept: string): Promise<void> {
  try {
    await copyFile(path, kept, constants.COPYFILE_FICLONE)
  } catch (cause) {
    if (errorCode(cause) !== 'ENOENT') throw diskFull(cause, kept)
    throw new JobFailure('staged_lost', 'a reference was lost between its staging and its render', { cause })
  }
}
