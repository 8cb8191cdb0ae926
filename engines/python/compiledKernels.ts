import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { syncToDisk } from '../../assets/syncToDisk.ts'
import { runTool } from './runTool.ts'

/** Folders below the directory that `diffusersCommand` has torch and Triton keep them in. */
const KERNELS = ['inductor', 'triton']
const MARK = `in-use-${hostname()}-`

export interface KeptKernels {
  /** The machine went down while they were in use: they were removed, and are compiled anew. */
  removed: boolean
  /** Brings them to the disk: whoever used them has ended. */
  close(): Promise<void>
}

/**
 * Keeps compiled kernels from outliving a power cut. torch does not sync them, so some may be cut short then; it fails over
 * such a file at every start, and models would be computed without their kernels for good. A process that is killed leaves
 * them whole. `cardUuid`: one process at a time has it. `bootId`: of the machine's present run, null where the system does not
 * tell; then nothing is removed. Marks of other machines, with whom the folder may be shared, do not count.
 */
export async function keepKernels(
  directory: string,
  cardUuid: string,
  bootId: () => Promise<string | null> = readBootId,
): Promise<KeptKernels> {
  const now = await bootId()
  if (now === null) return { removed: false, close: async () => {} }
  await mkdir(directory, { recursive: true })
  const old = await marksOfOtherBoots(directory, now)
  if (old.length > 0) {
    for (const name of [...KERNELS, ...old]) await rm(join(directory, name), { recursive: true, force: true })
  }
  const mark = join(directory, `${MARK}${cardUuid}`)
  await writeFile(mark, now)
  await syncToDisk(mark)
  await syncToDisk(directory)
  return {
    removed: old.length > 0,
    async close() {
      const { ok } = await runTool('sync', ['-f', directory], { cwd: directory })
      if (ok) await rm(mark, { force: true })
    },
  }
}

async function marksOfOtherBoots(directory: string, now: string): Promise<string[]> {
  const marks = (await readdir(directory)).filter(name => name.startsWith(MARK))
  const boots = await Promise.all(marks.map(name => readFile(join(directory, name), 'utf8').catch(() => '')))
  return marks.filter((_, index) => boots[index] !== now)
}

async function readBootId(): Promise<string | null> {
  return readFile('/proc/sys/kernel/random/boot_id', 'utf8').then(
    id => id.trim(),
    () => null,
  )
}
