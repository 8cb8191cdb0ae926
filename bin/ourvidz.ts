#!/usr/bin/env node
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { cacheFolder } from '../runtime/cacheFolder.ts'

// Before anything else is loaded, hence the imports below: what is compiled once makes the next command start in half the time.
enableCompileCache(join(cacheFolder(process.env), 'compiled'))
const { runCli } = await import('../client/cli/runCli.ts')
const { readEnvironment } = await import('../runtime/environment.ts')

/** Commands that the client brings alone; for the others, and for the overview, the embedded stack is loaded too. */
const JOB_COMMANDS = new Set([
  'submit',
  'watch',
  'status',
  'list',
  'cancel',
  'redeliver',
  'card',
  'quarantine',
])

/** Commands of those who run an installation, which need no embedded stack either. */
const OPERATOR_COMMANDS = new Set(['doctor', 'models', 'engine', 'encryption', 'codec-server'])

const argv = process.argv.slice(2)
const aboutJobs = JOB_COMMANDS.has(argv[0] ?? '')
const forOperators = OPERATOR_COMMANDS.has(argv[0] ?? '')

const interruption = new AbortController()
function interrupt() {
  if (interruption.signal.aborted) process.exit(130)
  interruption.abort()
  // A call that hangs must not outlive the wish to leave.
  setTimeout(() => process.exit(130), 2000).unref()
}
// The embedded stack sees to signals itself. Not `once`: what restores the terminal's cursor kills the process when it finds
// itself the last listener.
if (aboutJobs || forOperators) process.on('SIGINT', interrupt)
// `ourvidz list | head` closes the pipe early, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const { stdin, stdout, stderr } = process
const terminal = {
  stdin,
  stdout,
  stderr,
  interrupted: interruption.signal,
  readEnv: () => readEnvironment(process.env, process.cwd()),
}
process.exitCode = await runCli(argv, terminal, async (program, session) => {
  if (aboutJobs) return
  const { registerOperatorCommands } = await import('../ops/commands.ts')
  registerOperatorCommands(program, session)
  if (forOperators) return
  const { registerDevCommands } = await import('../dev/commands.ts')
  registerDevCommands(program, session)
})
