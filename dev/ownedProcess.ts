import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { execa } from 'execa'

export interface OwnedProcessOptions {
  name: string
  command: string
  args: readonly string[]
  /** Added to our own environment. */
  env?: Record<string, string>
  /** Gets everything it says; what an earlier process said is kept beside it as `.previous.log`. */
  logFile?: string
  onLine?: (line: string) => void
}

export interface ProcessEnd {
  name: string
  exitCode: number | null
  signal: string | null
  /** Whether we ended it. */
  asked: boolean
  /** The last lines that it said. */
  tail: string[]
}

export interface OwnedProcess {
  name: string
  pid: number
  /** Settles once, when the process has ended and its group is gone. Never rejects. */
  ended: Promise<ProcessEnd>
  /** SIGTERM to its group, and SIGKILL after the grace. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>
}

const TAIL_LINES = 20
/** Longest wait for the last words of a dead process: one that left its group may hold the pipe open. */
const DRAIN_MS = 1000

/**
 * Starts a process in a group of its own. It has one owner: if we exit in whatever way, its group is killed, and if we are
 * killed, the end of its standard input tells it. Throws when it cannot be started.
 */
export async function startOwnedProcess(options: OwnedProcessOptions): Promise<OwnedProcess> {
  const { name, command, args, env, onLine } = options
  const log = options.logFile === undefined ? null : await openLog(options.logFile)
  const child = execa(command, args, {
    ...(env ? { env } : {}),
    stdin: 'pipe',
    all: true,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  })
  const { pid } = child
  if (pid === undefined) {
    log?.end()
    throw new Error(`${name} could not be started: ${(await child).originalMessage}`)
  }

  let asked = false
  const tail: string[] = []
  const lines = createInterface({ input: child.all })
  lines.on('line', line => {
    tail.push(line)
    if (tail.length > TAIL_LINES) tail.shift()
    log?.write(`${line}\n`)
    onLine?.(line)
  })
  child.stdin.on('error', () => {})

  const signalGroup = (signal: 'SIGTERM' | 'SIGKILL') => {
    try {
      process.kill(-pid, signal)
    } catch {
      // The group is gone already.
    }
  }
  const killAtExit = () => signalGroup('SIGKILL')
  process.once('exit', killAtExit)

  const ended = new Promise<ProcessEnd>(resolve => {
    child.once('exit', (exitCode, signal) => {
      // What it started must not outlive it.
      signalGroup('SIGKILL')
      process.off('exit', killAtExit)
      const settle = () => {
        clearTimeout(drain)
        child.all.destroy()
        log?.end()
        resolve({ name, exitCode, signal, asked, tail })
      }
      const drain = setTimeout(settle, DRAIN_MS)
      lines.once('close', settle)
    })
  })

  return {
    name,
    pid,
    ended,
    async stop(graceMs) {
      asked = true
      signalGroup('SIGTERM')
      const timer = setTimeout(() => signalGroup('SIGKILL'), graceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

async function openLog(file: string): Promise<WriteStream> {
  await mkdir(dirname(file), { recursive: true })
  const previous = file.replace(/(\.log)?$/, '.previous.log')
  await rm(previous, { force: true })
  await rename(file, previous).catch(() => {}) // the first time there is none
  return createWriteStream(file).on('error', () => {}) // a full disk must not end the stack
}

/** How a process ended, in one line. */
export function endOf({ name, exitCode, signal }: ProcessEnd): string {
  return `${name} ended ${signal === null ? `with exit code ${exitCode}` : `by ${signal}`}`
}
