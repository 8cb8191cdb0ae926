import type { Command } from 'commander'
import { EXIT } from '../client/cli/exitCodes.ts'
import type { Session } from '../client/cli/session.ts'
import { checkWeights, type ModelsReport, type WeightReport } from '../engines/python/checkWeights.ts'
import { foundHf } from './foundHf.ts'
import { gigabytes } from './gigabytes.ts'

export function addModelsCommands(program: Command, session: Session): void {
  const models = program.command('models').description('the weights of the models')
  models
    .command('check')
    .description('tell which weights are there, which are missing, and what fetches those')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nThe exit code is 0 if every job type can be rendered, if only with a fallback, and 1 otherwise.',
    )
    .action(({ json = false }: { json?: boolean }) => check(session, json))
}

async function check(session: Session, json: boolean): Promise<void> {
  const config = session.config()
  const hf = await foundHf(config)
  const report = await checkWeights(config.engine, hf)
  session.print(json ? JSON.stringify(report) : reportText(report))
  if (!report.ok) session.ended(EXIT.jobFailed)
}

function reportText({ modelsDir, sets, families }: ModelsReport): string {
  const entries = Object.entries(families)
  const can = entries.filter(([, possible]) => possible).map(([family]) => family)
  const cannot = entries.filter(([, possible]) => !possible).map(([family]) => family)
  const verdict =
    cannot.length === 0
      ? 'Every job type can be rendered.'
      : `No ${cannot.join(' or ')} job can be rendered${can.length > 0 ? `; ${can.join(' and ')} jobs can` : ''}.`
  return [`Weights in ${modelsDir}`, '', ...sets.flatMap(setLines), '', verdict].join('\n')
}

const SHOWN_PROBLEMS = 5

function setLines(set: WeightReport): string[] {
  const size = gigabytes(set.state === 'complete' ? set.bytes : set.expectedBytes)
  const optional = set.spare ? '  (optional)' : ''
  const head = `${set.state.padEnd(11)}${set.name.padEnd(18)}${size.padStart(8)}  ${set.directory}${optional}`
  if (set.state === 'complete') return [head]
  const indent = ' '.repeat(11)
  // That all of it is missing is said by its state.
  const shown = set.state === 'missing' ? [] : set.problems.slice(0, SHOWN_PROBLEMS)
  const more = set.state === 'missing' ? 0 : set.problems.length - shown.length
  return [
    head,
    ...shown.map(problem => `${indent}${problem}`),
    ...(more > 0 ? [`${indent}and ${more} more`] : []),
    `${indent}${set.without}`,
    `${indent}${set.command}`,
  ]
}
