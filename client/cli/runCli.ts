import { Command, CommanderError } from 'commander'
import { WORKER_VERSION } from '../../jobs/version.ts'
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exitCodes.ts'
import { registerJobCommands } from './registerJobCommands.ts'
import { createSession, type Session, type Terminal } from './session.ts'

/**
 * Runs one command line (without `node` and the script) and gives the exit code. `addCommands` adds what other parts of the
 * program bring. Never throws, never exits.
 */
export async function runCli(
  argv: readonly string[],
  terminal: Terminal,
  addCommands: (program: Command, session: Session) => Promise<void> | void = () => {},
): Promise<ExitCode> {
  const session = createSession(terminal)
  try {
    const program = createProgram(terminal)
    registerJobCommands(program, session)
    await addCommands(program, session)
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) session.ended(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
    else session.fail(error)
  } finally {
    await session.close()
  }
  if (terminal.interrupted.aborted) session.ended(EXIT.interrupted)
  return session.exitCode()
}

function createProgram({ stdout, stderr }: Terminal): Command {
  return new Command('ourvidz')
    .description('Durable generation of images and videos on your own GPU')
    .version(WORKER_VERSION)
    .exitOverride()
    .configureOutput({ writeOut: text => void stdout.write(text), writeErr: text => void stderr.write(text) })
    .showHelpAfterError('(--help tells more)')
    .addHelpText(
      'after',
      `
Examples:
  ourvidz dev                              start everything on this machine
  ourvidz demo                             render an example of every kind of job
  ourvidz submit job.json --wait           submit a job and follow it
  ourvidz list --status failed             look for failures
  In the repository: npm run --silent ourvidz -- list

Temporal is found by TEMPORAL_ADDRESS, in the environment or in .env; without it, by the running \`ourvidz dev\`.
${EXIT_CODES_HELP}`,
    )
}
