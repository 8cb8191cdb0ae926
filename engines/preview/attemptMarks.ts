import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { errorCode } from '../../assets/atomicFile.ts'

/** Remembers, even when the program dies, how often a job's failure was acted out. */
export interface AttemptMarks {
  /** True for as many callers as attempts are to fail. */
  claim(): boolean
  /** The job has succeeded: nothing is left to remember. */
  clear(): void
}

/** Hidden files beside the job's folder, or in the temporary folder for a job that has none: one for each of `times`. */
export function attemptMarks(
  id: string,
  simulation: string,
  outDir: string | null,
  times: number,
): AttemptMarks {
  const key = createHash('sha256')
    .update(JSON.stringify([id, simulation]))
    .digest('hex')
    .slice(0, 24)
  const folder = outDir === null ? tmpdir() : dirname(outDir)
  const files = Array.from({ length: times }, (_, index) => join(folder, `.simulated-${key}-${index}`))
  return {
    claim: () => files.some(created),
    clear() {
      for (const file of files) rmSync(file, { force: true })
    },
  }
}

function created(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx' })
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}
