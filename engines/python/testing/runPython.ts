import { execa } from 'execa'
import { enginePython } from './enginePython.ts'

/** Runs Python code that finds our package, with `given` as JSON on its stdin; gives what it printed, read as JSON. */
export async function runPython(code: string, given: unknown): Promise<unknown> {
  const { python, env } = await enginePython()
  const { stdout } = await execa(python, ['-c', code], {
    env,
    extendEnv: false,
    input: JSON.stringify(given),
  })
  return JSON.parse(stdout)
}
