import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type OwnedProcess, startOwnedProcess } from './ownedProcess.ts'
import { describeCrash, StackError } from './stackError.ts'

export interface StackWorkerOptions {
  kind: 'control' | 'gpu'
  env: Record<string, string>
  healthPort: number
  /** How long it may take until it is ready; two minutes where that is not said. */
  readyMs?: number
  logFile: string
  onLine?: (line: string) => void
  signal?: AbortSignal
}

const READY_MS = 120_000
const POLL_MS = 100

/** Starts a worker and waits until it says that it is ready. Throws {@link StackError}. */
export async function startStackWorker(options: StackWorkerOptions): Promise<OwnedProcess> {
  const { kind, env, healthPort, readyMs = READY_MS, logFile, onLine, signal } = options
  const worker = await startOwnedProcess({
    name: `${kind} worker`,
    command: process.execPath,
    args: [fileURLToPath(new URL(`../workers/${kind}.ts`, import.meta.url))],
    env,
    logFile,
    ...(onLine ? { onLine } : {}),
  })
  try {
    await untilReady(worker, `http://127.0.0.1:${healthPort}/readyz`, readyMs, signal)
    return worker
  } catch (error) {
    await worker.stop(0)
    throw error
  }
}

async function untilReady(
  worker: OwnedProcess,
  url: string,
  readyMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + readyMs
  let died: StackError | null = null
  void worker.ended.then(end => {
    died = new StackError(describeCrash(end, 'before it was ready'))
  })
  for (let lastAnswer = 'no answer'; ; await sleep(POLL_MS, undefined, signal ? { signal } : {})) {
    if (died !== null) throw died
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
      lastAnswer = await response.text()
      if (response.ok) return
    } catch {
      // It does not listen yet.
    }
    if (Date.now() > deadline) {
      throw new StackError(`The ${worker.name} did not become ready: ${lastAnswer.slice(0, 500)}`)
    }
  }
}
