import { inspect } from 'node:util'
import { type Config, parseConfig } from '../../runtime/config.ts'
import type { ConnectedPipelineClient } from '../connect.ts'
import { withDevStack } from './devStack.ts'
import { EXIT, type ExitCode, worse } from './exitCodes.ts'
import { explain } from './explain.ts'

export interface OutputStream extends NodeJS.WritableStream {
  isTTY?: boolean
  columns?: number
}

/** What the command line stands on; the entry file hands in the process's own. */
export interface Terminal {
  /** The environment, `.env` included. Throws ConfigError when that file cannot be read. */
  readEnv(): Record<string, string | undefined>
  stdin: NodeJS.ReadableStream
  stdout: OutputStream
  stderr: OutputStream
  /** Aborts on Ctrl-C. */
  interrupted: AbortSignal
}

/** One run of a command: its terminal, the way to the pipeline, and how it ends. */
export interface Session extends Terminal {
  config(): Config
  /** Connects on first use. */
  pipeline(): Promise<ConnectedPipelineClient>
  print(line: string): void
  /** Tells a person something beside the output, which a program may be reading. */
  note(line: string): void
  /** Tells one error in one line and remembers it for the exit code; `about` says what it concerns. */
  fail(error: unknown, about?: string): void
  ended(exitCode: ExitCode): void
  exitCode(): ExitCode
  close(): Promise<void>
}

export function createSession(terminal: Terminal): Session {
  let config: Config | null = null
  let client: Promise<ConnectedPipelineClient> | null = null
  let exitCode: ExitCode = EXIT.ok
  const getConfig = () => {
    config ??= parseConfig(withDevStack(terminal.readEnv()))
    return config
  }
  const session: Session = {
    ...terminal,
    config: getConfig,
    pipeline() {
      client ??= connectLazily(getConfig())
      return client
    },
    print: line => void terminal.stdout.write(`${line}\n`),
    note: line => void terminal.stderr.write(`${line}\n`),
    fail(error, about) {
      if (terminal.interrupted.aborted) return session.ended(EXIT.interrupted)
      const { line, exitCode: code } = explain(error, config?.temporal.address ?? null)
      terminal.stderr.write(`${about ? `${about}: ` : ''}${line}\n`)
      if (config?.logLevel === 'debug') terminal.stderr.write(`${inspect(error)}\n`)
      session.ended(code)
    },
    ended(code) {
      exitCode = worse(exitCode, code)
    },
    exitCode: () => exitCode,
    async close() {
      const connected = await client?.catch(() => null)
      await connected?.close()
    },
  }
  return session
}

/** Loading the Temporal client takes a noticeable moment, which `--help` and a usage error need not spend. */
async function connectLazily(config: Config): Promise<ConnectedPipelineClient> {
  const { connectPipelineClient } = await import('../connect.ts')
  return connectPipelineClient(config)
}
