import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Remembers, even when the program dies, that a job's failure was acted out. */
export interface OnceMark {
  /** True for the first caller only. */
  claim(): boolean
  /** The job has succeeded: nothing is left to remember. */
  clear(): void
}

/** A hidden file beside the job's folder, or in the temporary folder for a job that has none. */
export function onceMark(id: string, simulation: string, outDir: string | null): OnceMark {
  const key = createHash('sha256')
    .update(JSON.stringify([id, simulation]))
    .digest('hex')
    .slice(0, 24)
  const file = join(outDir === null ? tmpdir() : dirname(outDir), `.simulated-${key}`)
  return {
    claim() {
      try {
        writeFileSync(file, '', { flag: 'wx' })
        return true
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
        throw error
      }
    },
    clear: () => rmSync(file, { force: true }),
  }
}
