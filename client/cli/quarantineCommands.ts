import type { Command } from 'commander'
import type { PipelineClient } from '../pipelineClient.ts'
import type { QuarantineResult } from '../quarantine.ts'
import { forEachJob } from './forEachJob.ts'
import { tableText } from './jobText.ts'
import { quarantineText } from './quarantineText.ts'
import type { Session } from './session.ts'
import { wholeNumber } from './wholeNumber.ts'

interface DecisionOptions {
  note?: string
  lowMemory?: boolean
  json?: boolean
}

/** `quarantine list|show|release|reject`: deciding about jobs that killed the inference program again and again. */
export function addQuarantineCommands(program: Command, session: Session): void {
  const quarantine = program
    .command('quarantine')
    .description('decide about jobs that were set aside because they kill the inference program')
    .addHelpText(
      'after',
      `
A job that nobody decides about fails after QUARANTINE_HOURS.

Examples:
  ourvidz quarantine list
  ourvidz quarantine show 5c1d2f6e-8f0b-4c55-9d0e-0d8a5b2f7a11
  ourvidz quarantine release 5c1d2f6e-8f0b-4c55-9d0e-0d8a5b2f7a11 --low-memory --note "driver mended, anna"
  ourvidz quarantine list --json | jq -r .jobId | xargs ourvidz quarantine reject`,
    )
  addLooking(quarantine, session)
  addDeciding(quarantine, session)
}

function addLooking(quarantine: Command, session: Session): void {
  quarantine
    .command('list')
    .description('list the jobs that wait, latest first')
    .option('-n, --limit <count>', 'at most so many', wholeNumber, 50)
    .option('--json', 'one JSON object per line')
    .action(async ({ limit, json }: { limit: number; json?: boolean }) => {
      const jobs = await (await session.pipeline()).quarantine.list({ limit })
      if (json) for (const job of jobs) session.print(JSON.stringify(job))
      else session.print(jobs.length === 0 ? 'No jobs.' : tableText(jobs))
    })

  quarantine
    .command('show')
    .description('show why a job was set aside, until when it waits, and what was decided before')
    .argument('<id>', 'job id')
    .option('--json', 'as JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const view = await (await session.pipeline()).quarantine.show(id)
      session.print(json ? JSON.stringify(view) : quarantineText(view))
    })
}

function addDeciding(quarantine: Command, session: Session): void {
  deciding(quarantine.command('release'))
    .description('let jobs begin anew: their deaths are forgotten, their deadline counts from now')
    .option('--low-memory', 'have them rendered alone and in low-memory mode from the first attempt on')
    .action((ids: string[], { note, lowMemory = false, json }: DecisionOptions) =>
      carryOut(session, ids, json, 'released', (pipeline, id) =>
        pipeline.quarantine.release(id, { ...noteOf(note), lowMemory }),
      ),
    )
  deciding(quarantine.command('reject'))
    .description('have jobs fail, with their callback')
    .action((ids: string[], { note, json }: DecisionOptions) =>
      carryOut(session, ids, json, 'rejected', (pipeline, id) =>
        pipeline.quarantine.reject(id, noteOf(note)),
      ),
    )
}

function deciding(command: Command): Command {
  return command
    .argument('<id...>', 'job ids')
    .option('--note <text>', 'who and why, kept in the history of the job')
    .option('--json', 'one JSON object per line')
}

function noteOf(note: string | undefined): { note?: string } {
  return note === undefined ? {} : { note }
}

function carryOut(
  session: Session,
  ids: string[],
  json: boolean | undefined,
  what: string,
  decide: (pipeline: PipelineClient, id: string) => Promise<QuarantineResult>,
): Promise<void> {
  return forEachJob(session, ids, json, async (pipeline, id) => {
    const done = await decide(pipeline, id)
    return { done, text: done.changed ? what : `had been ${what} before` }
  })
}
