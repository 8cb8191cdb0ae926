import { execa } from 'execa'
import { inheriting } from '../../jobs/inheriting.ts'

export interface ToolRun {
  ok: boolean
  /** The last of what it said, or why it could not be started. */
  said: string
}

export interface ToolOptions {
  /** Not our own folder: uv would read the settings of the project that it lies in. */
  cwd: string
  onLine?: (line: string) => void
  signal?: AbortSignal | undefined
}

const SAID_LENGTH = 4000
/** Where uv, pip and Python look for packages, settings and interpreters, through which proxy, and whose certificates they trust. */
const OF_INSTALLERS =
  /^((PIP|UV|XDG|PYENV|SSL_CERT)_.*|(HTTP|HTTPS|ALL|NO)_PROXY|(REQUESTS|CURL)_CA_BUNDLE|NETRC)$/i

/** Runs a program to its end, without a shell and without input. Throws the signal's reason when that aborts. */
export async function runTool(command: string, args: string[], options: ToolOptions): Promise<ToolRun> {
  const { cwd, onLine, signal } = options
  const subprocess = execa(command, args, {
    ...inheriting({}, OF_INSTALLERS),
    cwd,
    all: true,
    reject: false,
    stdin: 'ignore',
    forceKillAfterDelay: 2000,
    ...(signal ? { cancelSignal: signal } : {}),
  })
  if (onLine) for await (const line of linesOf(subprocess)) onLine(line)
  const { failed, all, shortMessage } = await subprocess
  signal?.throwIfAborted()
  return { ok: !failed, said: `${all || shortMessage || ''}`.slice(-SAID_LENGTH) }
}

async function* linesOf(subprocess: { iterable(options: { from: 'all' }): AsyncIterable<string> }) {
  try {
    yield* subprocess.iterable({ from: 'all' })
  } catch {
    // How it failed is in its result.
  }
}
