import { setTimeout as sleep } from 'node:timers/promises'
import { endOf, type OwnedProcess, type ProcessEnd } from '../../../dev/ownedProcess.ts'

/** A process that is started again whenever it ends, as a supervisor does, unless it is held down. */
export interface Keeper {
  name: string
  pid(): number | null
  /** Sends a signal to the process alone; false when there is none. */
  signal(signal: NodeJS.Signals): boolean
  /** Nothing is started until every hold is released. */
  hold(): () => void
  /** Resolves when no process is there. */
  gone(): Promise<void>
  /** Ends it for good: SIGTERM, and SIGKILL after the grace. */
  stop(graceMs: number): Promise<void>
  /** How often it has been started. */
  starts(): number
  /** How the last one ended, with its last words; null when none has. */
  lastEnd(): ProcessEnd | null
}

/** What a supervisor waits before it starts a dead process again. */
const RESTART_MS = 300

export function keepAlive(options: {
  name: string
  start: () => Promise<Pick<OwnedProcess, 'pid' | 'ended' | 'stop'>>
  tell: (line: string) => void
}): Keeper {
  const { name, tell } = options
  let current: Pick<OwnedProcess, 'pid' | 'ended' | 'stop'> | null = null
  let lastEnd: ProcessEnd | null = null
  let stopped = false
  let starts = 0
  let holds = 0
  let released = Promise.withResolvers<void>()

  async function live(): Promise<void> {
    while (!stopped) {
      if (holds > 0) await released.promise
      if (stopped) return
      try {
        starts += 1
        current = await options.start()
        lastEnd = await current.ended
        if (!lastEnd.asked) tell(`${name}: ${endOf(lastEnd)}`)
      } catch (error) {
        tell(`${name}: ${error instanceof Error ? error.message : error}`)
      }
      current = null
      await sleep(RESTART_MS)
    }
  }
  const over = live()

  return {
    name,
    pid: () => current?.pid ?? null,
    signal(signal) {
      if (current === null) return false
      try {
        process.kill(current.pid, signal)
        return true
      } catch {
        return false
      }
    },
    hold() {
      if (holds === 0) released = Promise.withResolvers()
      holds += 1
      let held = true
      return () => {
        if (!held) return
        held = false
        holds -= 1
        if (holds === 0) released.resolve()
      }
    },
    async gone() {
      await current?.ended
    },
    async stop(graceMs) {
      stopped = true
      released.resolve()
      await current?.stop(graceMs)
      await over
    },
    starts: () => starts,
    lastEnd: () => lastEnd,
  }
}
