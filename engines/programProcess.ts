import { execa } from 'execa'
import { createLineSplitter } from './lineSplitter.ts'
import type { DeathReason, ProgramDeath } from './programDeath.ts'
import type { Command } from './protocol.ts'
import { createStderrTail } from './stderrTail.ts'

const MAX_LINE_LENGTH = 1024 * 1024
/** Longest wait for what a dead program left in its pipes; a process that left its group may hold them open for ever. */
const DRAIN_MS = 1_000

export interface ProgramProcess {
  pid: number | null
  /** Dropped in silence when the program no longer reads. */
  send(command: Command): void
  /** SIGTERM, then SIGKILL after `graceMs`, to the whole process group; 0 kills at once. The first reason is kept. */
  kill(reason: DeathReason, graceMs: number): void
  /** Settles once, when the program is reaped, its group is killed and its last lines are read. Never rejects. */
  died: Promise<ProgramDeath>
}

export interface ProgramCommand {
  command: string
  args: readonly string[]
  /** The whole environment of the program: nothing is inherited. */
  env: Readonly<Record<string, string>>
}

/** Starts one process in a group of its own. It dies with us: by a kill when we exit, by the end of its stdin otherwise. */
export function spawnProgram(options: {
  program: ProgramCommand
  onLine: (line: string) => void
  onStderr: (line: string) => void
  /** Takes out of its words what logs must not repeat. */
  censor: (text: string) => string
  /** Called once, when its end has begun: nothing new should be given to it. */
  onDying: () => void
}): ProgramProcess {
  const { program, onLine, onStderr, censor, onDying } = options
  const subprocess = execa(program.command, program.args, {
    env: program.env,
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  })
  const { pid } = subprocess
  let reason: DeathReason | null = null
  let killTimer: NodeJS.Timeout | undefined
  let exited = false

  const stderr = createStderrTail({ censor, onLine: onStderr })
  const stdout = createLineSplitter({
    maxLength: MAX_LINE_LENGTH,
    onLine(line, cut) {
      if (reason?.kind === 'protocol-violation') return
      if (cut) kill({ kind: 'protocol-violation', message: 'A line of output was longer than 1 MiB.' }, 0)
      else onLine(line)
    },
  })
  subprocess.stdout.setEncoding('utf8').on('data', stdout.push).once('end', stdout.end)
  subprocess.stderr.setEncoding('utf8').on('data', stderr.push).once('end', stderr.end)
  // A program that died mid-write is told by its exit, not by a broken pipe.
  subprocess.stdin.on('error', () => {})

  function signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // The group is gone already.
    }
  }

  function kill(why: DeathReason, graceMs: number): void {
    // Also what is read only after its end: the last line of a program may say what it died of, and whose job that was.
    if (reason === null) {
      reason = { ...why, message: censor(why.message) }
      if (!exited) onDying()
    }
    if (exited) return
    if (graceMs <= 0) {
      signalGroup('SIGKILL')
    } else if (killTimer === undefined) {
      signalGroup('SIGTERM')
      killTimer = setTimeout(() => signalGroup('SIGKILL'), graceMs)
    }
  }

  const killOnExit = () => signalGroup('SIGKILL')
  process.once('exit', killOnExit)

  const died = new Promise<ProgramDeath>(resolve => {
    function settle(exitCode: number | null, signal: string | null, otherwise: DeathReason): void {
      process.off('exit', killOnExit)
      for (const stream of [subprocess.stdin, subprocess.stdout, subprocess.stderr]) stream.destroy()
      resolve({ reason: reason ?? otherwise, exitCode, signal, stderrTail: stderr.lines() })
    }
    if (pid === undefined) {
      void subprocess.then(result =>
        settle(null, null, {
          kind: 'not-spawned',
          message: `The program could not be started: ${result.originalMessage}`,
        }),
      )
      return
    }
    subprocess.once('exit', (exitCode, signal) => {
      exited = true
      if (reason === null) onDying()
      clearTimeout(killTimer)
      // What the program started must not outlive it, and would keep its pipes open.
      signalGroup('SIGKILL')
      const ended = () => {
        clearTimeout(drainTimer)
        subprocess.off('close', ended)
        settle(exitCode, signal, { kind: 'exited', message: 'The program ended by itself.' })
      }
      const drainTimer = setTimeout(ended, DRAIN_MS)
      subprocess.once('close', ended)
    })
  })

  return {
    pid: pid ?? null,
    send(command) {
      if (subprocess.stdin.writable) subprocess.stdin.write(`${JSON.stringify(command)}\n`)
    },
    kill,
    died,
  }
}
