import { styleText } from 'node:util'
import type { Command } from 'commander'
import { EXIT } from '../client/cli/exitCodes.ts'
import type { Session } from '../client/cli/session.ts'
import { ConfigError } from '../runtime/config.ts'
import type { Check, Finding, FindingStatus } from './doctor/finding.ts'
import { runChecks } from './doctor/runChecks.ts'

const COLOURS: Record<FindingStatus, 'green' | 'yellow' | 'red' | 'gray'> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  skipped: 'gray',
}

export function addDoctorCommand(program: Command, session: Session): void {
  program
    .command('doctor')
    .description('check everything that this installation stands on')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
One line for each thing: ok, warn (it works, but not as it should), fail, or skipped. The exit code is 1 if anything fails.
It reads the same environment and .env as the workers: run it where they run, as their user.`,
    )
    .action(({ json = false }: { json?: boolean }) => doctor(session, json))
}

async function doctor(session: Session, json: boolean): Promise<void> {
  const tell = (finding: Finding) => {
    if (!json) session.print(findingText(finding, session.stdout))
  }
  const findings = await runChecks(await checksOf(session), tell)
  const ok = findings.every(({ status }) => status !== 'fail')
  if (json) session.print(JSON.stringify({ ok, findings }))
  if (!ok) session.ended(EXIT.jobFailed)
}

/** Without a valid configuration nothing else can be looked at. */
async function checksOf(session: Session): Promise<Check[]> {
  try {
    const config = session.config()
    // Loading the Temporal client takes a moment, which a wrong configuration need not spend.
    const { createChecks } = await import('./doctor/checks.ts')
    return createChecks(config)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [{ name: 'configuration', limitMs: 1000, run: () => Promise.reject(error) }]
  }
}

function findingText({ check, status, text }: Finding, stream: NodeJS.WritableStream): string {
  const label = styleText(COLOURS[status], status.padEnd(8), { stream, validateStream: true })
  return `${label}${check.padEnd(15)}${text}`
}
