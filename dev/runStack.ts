import { relative } from 'node:path'
import { EXIT } from '../client/cli/exitCodes.ts'
import type { Session } from '../client/cli/session.ts'
import { type Config, parseConfig } from '../runtime/config.ts'
import { listenForInterruption } from './interruption.ts'
import { type DevStack, startDevStack } from './stack.ts'
import { describeCrash, StackError } from './stackError.ts'
import { findTemporalBinary, TemporalBinaryError } from './temporalBinary.ts'
import { TemporalServerError } from './temporalServer.ts'

/** What the commands of the embedded stack need of the command line. */
export type DevSession = Pick<Session, 'readEnv' | 'stdout' | 'stderr' | 'print' | 'ended'>

export interface RunStackOptions {
  dataDirOf: (config: Config) => string
  previewSpeedOf: (config: Config) => number
  ui: boolean
  /** Where callbacks go in place of the stack's own receiver; null for that. */
  callbackUrl: string | null
  verbose: boolean
  /** Gets what a person should know while things start and stop. */
  tell: (line: string) => void
}

/** A running stack, as `use` sees it. */
export interface RunningStack {
  config: Config
  stack: DevStack
  /** Aborts when the stack is to end, for whatever reason. */
  signal: AbortSignal
  /** Resolves at Ctrl-C. */
  interrupted: Promise<void>
}

export type StackEnd = 'done' | 'interrupted' | 'crashed' | 'failed'

/** Their messages say all that helps. */
const START_FAILURES = [StackError, TemporalServerError, TemporalBinaryError]

/**
 * Starts the embedded stack, has it used, and ends it: when `use` is done, at Ctrl-C, or when a part of it crashes. A
 * crash, or a stack that cannot start, is told and makes the exit code 1.
 */
export async function runStack(
  session: DevSession,
  options: RunStackOptions,
  use: (running: RunningStack) => Promise<void>,
): Promise<StackEnd> {
  const env = session.readEnv()
  const config = parseConfig(env)
  const { tell } = options
  const interruption = listenForInterruption(() => tell('Stopping… (Ctrl-C again ends it the hard way)'))
  const over = new AbortController()
  let stack: DevStack | null = null
  try {
    const { signal } = interruption
    const temporalBinary = await findTemporalBinary({
      cli: config.temporal.cli,
      cacheDir: config.cacheDir,
      path: config.engine.path,
      tell,
      signal,
    })
    stack = await startDevStack({
      dataDir: options.dataDirOf(config),
      signingKey: config.store.signingKey,
      previewSpeed: options.previewSpeedOf(config),
      env,
      temporalBinary,
      ui: options.ui,
      callbackUrl: options.callbackUrl,
      tell,
      ...(options.verbose
        ? { onLogLine: (part: string, line: string) => tell(`${part.padEnd(8)} ${line}`) }
        : {}),
      signal,
    })
    const { logDir } = stack
    const crash = stack.crashed.then((end): StackEnd => {
      session.ended(EXIT.jobFailed)
      session.stderr.write(`${describeCrash(end, 'unasked, so everything is stopped')}\n`)
      session.stderr.write(`All that it said is in ${shown(logDir)}.\n`)
      return 'crashed'
    })
    const running = {
      config,
      stack,
      signal: AbortSignal.any([signal, over.signal]),
      interrupted: interruption.requested,
    }
    const used = use(running).then((): StackEnd => 'done')
    const interrupted = interruption.requested.then((): StackEnd => 'interrupted')
    return await Promise.race([used, crash, interrupted])
  } catch (error) {
    if (interruption.signal.aborted) return 'interrupted'
    if (!START_FAILURES.some(kind => error instanceof kind)) throw error
    session.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    session.ended(EXIT.jobFailed)
    return 'failed'
  } finally {
    over.abort(new Error('the stack ends'))
    await stack?.stop()
    interruption.end()
  }
}

/** A path as a person reads it: from where they are. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short || '.'
}
