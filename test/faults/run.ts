import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { orRefuse, readOptions } from '../../dev/commandLine.ts'
import { formatReport } from './audit/report.ts'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { drawnFrom, FAULT_KINDS } from './kinds/all.ts'
import { type RoundResult, runRound } from './round.ts'
import { added, formatSummary, summaryOf } from './summary.ts'

const HELP = `Runs the pipeline under faults, and audits what came of it.

  npm run faults -- --count 500 --seed 1

  --count N   faults in all (25)
  --seed S    what chooses them (1); round r has the seed S + r, and can be repeated alone with it
  --round N   faults in a round, each with a world of its own (50)
  --dir D     where everything is kept (.data/faults)
  --calm F    so many times as long between faults (1): more of it is looked at for idleness
  --only K    kinds of faults, separated by commas; all by default
  --resume    goes on after the last finished round in --dir
  --json      the summary as JSON on standard output
  --kinds     lists the kinds

Ctrl-C ends the round early, audits it, and keeps the checkpoint. Exit code 1: the auditor has found something.`

const { values } = readOptions(HELP, {
  count: { type: 'string', default: '25' },
  seed: { type: 'string', default: '1' },
  round: { type: 'string', default: '50' },
  dir: { type: 'string', default: '.data/faults' },
  calm: { type: 'string', default: '1' },
  only: { type: 'string', default: '' },
  resume: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  kinds: { type: 'boolean', default: false },
})

if (values.kinds) {
  for (const { name, weight } of FAULT_KINDS) console.log(`${name} (${weight})`)
  process.exit(0)
}
process.exit(await main())

async function main(): Promise<number> {
  const { count, seed, round, calm } = orRefuse(HELP, () => ({
    ...{ count: wholeNumber(values.count), seed: wholeNumber(values.seed) },
    ...{ round: wholeNumber(values.round), calm: wholeNumber(values.calm) },
  }))
  const directory = resolve(values.dir)
  await mkdir(directory, { recursive: true })
  const only = values.only.split(',').filter(name => name !== '')
  const kinds = only.length === 0 ? FAULT_KINDS : FAULT_KINDS.filter(({ name }) => only.includes(name))
  const tell = (line: string) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)
  const stopping = new AbortController()
  process.once('SIGINT', () => {
    tell('the round is brought to its end (Ctrl-C again ends it the hard way)')
    stopping.abort()
    process.once('SIGINT', () => process.exit(130))
  })

  let checkpoint: Checkpoint = { seed, count, round, rounds: [] }
  if (values.resume) checkpoint = (await readCheckpoint(directory)) ?? checkpoint
  const done = () => checkpoint.rounds.reduce((sum, { faults }) => sum + faults, 0)
  while (done() < checkpoint.count && !stopping.signal.aborted) {
    const number = checkpoint.rounds.length
    const result = await runRound({
      directory: join(directory, `round-${String(number).padStart(3, '0')}`),
      seed: checkpoint.seed + number,
      count: Math.min(checkpoint.round, checkpoint.count - done()),
      choose: drawnFrom(kinds),
      calm,
      timeScale: 0.1,
      tell,
      signal: stopping.signal,
    })
    checkpoint.rounds.push(inShort(result))
    await writeCheckpoint(directory, checkpoint)
    tell(`round ${number}: ${result.seconds} s; ${formatReport(result.audit)}`)
  }
  const summary = summaryOf(checkpoint)
  console.log(values.json ? JSON.stringify(summary, null, 2) : formatSummary(summary))
  return summary.findings.length === 0 ? 0 : 1
}

function inShort({ faults, notActedOut, audit, ...result }: RoundResult): Checkpoint['rounds'][number] {
  const kinds: Record<string, number> = {}
  for (const { kind } of faults) kinds[kind] = (kinds[kind] ?? 0) + 1
  const { seed, directory, jobs, seconds, quiet } = result
  const { jobMs, excusedMs, neededMs } = audit.idleness
  return {
    ...{ seed, directory, jobs, seconds, quiet, kinds },
    faults: faults.length,
    ended: audit.byStatus,
    failed: audit.byError,
    renders: audit.renders,
    ...againIn(audit.secondRenders),
    idleness: { jobMs, excusedMs, neededMs },
    assets: audit.assets,
    hit: faults.filter(({ hit }) => hit !== false).length,
    findings: [
      ...(quiet ? [] : ['it did not come to rest in time']),
      ...notActedOut,
      ...audit.findings.map(({ rule, jobId, detail }) => `${rule}: job ${jobId ?? '-'}: ${detail}`),
    ],
  }
}

function againIn({ withReceipt, withoutReceipt }: RoundResult['audit']['secondRenders']) {
  return {
    again: added([withReceipt, withoutReceipt]),
    againWithReceipt: added([withReceipt]),
  }
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new Error(`${text} is no whole number`)
}
