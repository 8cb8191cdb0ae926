import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type OwnedProcess, startOwnedProcess } from '../../../dev/ownedProcess.ts'

const helloSchema = z.object({ url: z.url() })

/** Starts the store or the app, and gives its address, which it says in its first line. Further lines go to `onLine`. */
export async function startStandIn(
  program: 'storeProcess' | 'receiverProcess',
  args: readonly string[],
  options: { logFile: string; onLine?: (line: string) => void },
): Promise<{ url: string; process: OwnedProcess }> {
  const hello = Promise.withResolvers<string>()
  let greeted = false
  const started = await startOwnedProcess({
    name: program,
    command: process.execPath,
    args: [fileURLToPath(new URL(`./${program}.ts`, import.meta.url)), ...args],
    logFile: options.logFile,
    onLine(line) {
      if (greeted) return options.onLine?.(line)
      greeted = true
      const said = helloSchema.safeParse(parsed(line))
      if (said.success) hello.resolve(said.data.url)
      else hello.reject(new Error(`${program} said: ${line}`))
    },
  })
  void started.ended.then(end => hello.reject(new Error(`${program} ended: ${end.tail.join('\n')}`)))
  return { url: await hello.promise, process: started }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
