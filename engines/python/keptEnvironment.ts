import { access, constants, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitForProcessLock } from '../../gpu/processLock.ts'
import { pythonOf } from './installers.ts'
import { runTool } from './runTool.ts'

/** Written last: an environment without it was never finished. Not a rename, as an environment knows its own path. */
const FINISHED = 'ourvidz-finished'

/** The lock file of whoever makes or removes an environment. */
export const lockOf = (directory: string) => `${directory}.lock`

/** Whether an environment was finished and its program, which may stand on another outside it, is still there. */
export async function isFinished(directory: string, program = pythonOf(directory)): Promise<boolean> {
  const needed = [access(join(directory, FINISHED)), access(program, constants.X_OK)]
  return Promise.all(needed).then(
    () => true,
    () => false,
  )
}

/**
 * Makes an environment in a folder unless it is there; a half-made one is made anew. One process makes it, others that
 * want it meanwhile wait.
 */
export async function makeOnce(
  directory: string,
  make: () => Promise<void>,
  options: { program?: string; tell: (line: string) => void; signal?: AbortSignal | undefined },
): Promise<void> {
  const { program, tell, signal } = options
  if (await isFinished(directory, program)) return
  const lock = await waitForProcessLock(lockOf(directory), {
    onWait: () => tell(`Another process is making ${directory}; waiting for it…`),
    ...(signal ? { signal } : {}),
  })
  try {
    if (await isFinished(directory, program)) return
    await rm(directory, { recursive: true, force: true })
    await make()
    // Else a power cut may leave the mark, and of the gigabytes before it empty files.
    const synced = await runTool('sync', ['-f', directory], { cwd: directory, signal })
    if (!synced.ok) tell(`${directory} may not survive a power cut: ${synced.said}`)
    await writeFile(join(directory, FINISHED), `${new Date().toISOString()}\n`)
  } finally {
    lock.release()
  }
}
