import { join } from 'node:path'
import { endOf, type OwnedProcess, startOwnedProcess } from '../../dev/ownedProcess.ts'

/** Starts a program of a contender and waits until it prints `ready`. What it says is kept in the contender's folder. */
export async function startProgram(options: {
  name: string
  file: string
  args: readonly string[]
  dir: string
}): Promise<OwnedProcess> {
  const { name, file, args, dir } = options
  const ready = Promise.withResolvers<void>()
  const program = await startOwnedProcess({
    name,
    command: process.execPath,
    args: [file, ...args],
    logFile: join(dir, 'logs', `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.log`),
    onLine: line => {
      if (line === 'ready') ready.resolve()
    },
  })
  void program.ended.then(end => {
    const story = [endOf(end), ...end.tail].join('\n')
    ready.reject(new Error(story))
    // A contender without one of its programs would only look slow.
    if (!end.asked) console.error(story)
  })
  await ready.promise
  return program
}
