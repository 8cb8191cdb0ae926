import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { RenderRef } from '../renderPath.ts'

const script = fileURLToPath(new URL('renderHolder.ts', import.meta.url))

/** Lets another process of this host begin a render, and get the card for it where that is said. Gives what it was told, and how to kill it for good. */
export async function holdRender(
  directory: string,
  { jobId, planHash }: RenderRef,
  { hasCard = false }: { hasCard?: boolean } = {},
) {
  const child = spawn(process.execPath, [script, directory, jobId, planHash, ...(hasCard ? ['card'] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const told: unknown = JSON.parse(String(line))
  return {
    pid: child.pid,
    told,
    async kill() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
