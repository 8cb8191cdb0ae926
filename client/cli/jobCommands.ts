import { type Command, Option } from 'commander'
import { JOB_TYPES, type JobType } from '../../jobs/jobTypes.ts'
import { JOB_STATUSES, type JobStatus } from '../../jobs/status.ts'
import { MAX_LIMIT } from '../listQuery.ts'
import { follow } from './follow.ts'
import { forEachJob } from './forEachJob.ts'
import { detailText, tableText, webUiLink } from './jobText.ts'
import type { Session } from './session.ts'
import { wholeNumber } from './wholeNumber.ts'

interface ListOptions {
  status?: JobStatus
  type?: JobType
  user?: string
  undelivered?: boolean
  limit: number
  json?: boolean
}

/** `watch`, `status`, `list`: looking at jobs. */
export function addLookingCommands(program: Command, session: Session): void {
  program
    .command('watch')
    .description('follow jobs until they have ended')
    .argument('<id...>', 'job ids')
    .option('--json', 'one JSON object per change')
    .addHelpText('after', '\nExample:\n  ourvidz watch 5c1d2f6e-8f0b-4c55-9d0e-0d8a5b2f7a11')
    .action((ids: string[], { json = false }: { json?: boolean }) => follow(session, ids, { json }))

  program
    .command('status')
    .description('show one job as it stands now')
    .argument('<id>', 'job id')
    .option('--json', 'as JSON')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const job = await (await session.pipeline()).get(id)
      session.print(json ? JSON.stringify(job) : detailText(job, webUiLink(session.config(), job.jobId)))
    })

  program
    .command('list')
    .description('list jobs: those that run, then the latest to end')
    .addOption(new Option('-s, --status <status>', 'only these').choices(JOB_STATUSES))
    .addOption(new Option('-t, --type <type>', 'only these').choices(Object.keys(JOB_TYPES)))
    .option('-u, --user <id>', 'only jobs of this user')
    .option('--undelivered', 'only jobs whose callback was given up')
    .option('-n, --limit <count>', 'at most so many', wholeNumber, 20)
    .option('--json', 'one JSON object per line')
    .addHelpText(
      'after',
      `
Examples:
  ourvidz list --status failed --limit 50
  ourvidz list --undelivered --limit 1000 --json | jq -r .jobId | xargs ourvidz redeliver`,
    )
    .action((options: ListOptions) => list(session, options))
}

async function list(session: Session, { user, json, ...filter }: ListOptions): Promise<void> {
  const pipeline = await session.pipeline()
  const { limit, undelivered } = filter
  // One beyond those that are shown tells that there are more.
  const asked = limit > 0 && limit < MAX_LIMIT ? limit + 1 : limit
  const given = user === undefined ? filter : { ...filter, userId: user }
  const found = await pipeline.list({ ...given, limit: asked })
  const jobs = found.slice(0, limit)
  if (json) for (const job of jobs) session.print(JSON.stringify(job))
  else session.print(jobs.length === 0 ? 'No jobs.' : tableText(jobs))
  if (found.length > limit) session.note(`more: --limit ${MAX_LIMIT}`)
  else if (found.length === MAX_LIMIT) {
    const next = undelivered ? 'deliver these, then list again' : 'narrow it by --status, --type or --user'
    session.note(`There may be more: ${next}`)
  }
}

/** `cancel`, `redeliver`: acting on jobs. */
export function addActingCommands(program: Command, session: Session): void {
  program
    .command('cancel')
    .description('stop jobs; each still sends its failed callback')
    .argument('<id...>', 'job ids')
    .option('-r, --reason <text>', 'kept in the history of the job')
    .option('--json', 'one JSON object per line')
    .action((ids: string[], { reason, json }: { reason?: string; json?: boolean }) =>
      forEachJob(session, ids, json, async (pipeline, id) => {
        const done = await pipeline.cancel(id, reason)
        return { done, text: done.wasRunning ? 'cancellation requested' : `had ended before, ${done.status}` }
      }),
    )

  program
    .command('redeliver')
    .description('deliver the callback of ended jobs again')
    .argument('<id...>', 'job ids')
    .option('--json', 'one JSON object per line')
    .action((ids: string[], { json }: { json?: boolean }) =>
      forEachJob(session, ids, json, async (pipeline, id) => {
        const done = await pipeline.redeliver(id)
        return { done, text: done.action === 'started' ? 'delivery started' : 'delivery tries again now' }
      }),
    )
}
