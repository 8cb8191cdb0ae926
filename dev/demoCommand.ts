import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { createReporter } from '../client/cli/createReporter.ts'
import { EXIT } from '../client/cli/exitCodes.ts'
import type { Reporter } from '../client/cli/reporter.ts'
import {
  connectPipelineClient,
  type JobView,
  type PipelineClient,
  parseClientConfig,
} from '../client/index.ts'
import { writeContactSheet } from './contactSheet.ts'
import { demoTable } from './demoTable.ts'
import { newExampleJobs, putExamplePictures } from './exampleJobs.ts'
import { type DevSession, type RunningStack, runStack, shown } from './runStack.ts'

interface DemoOptions {
  /** Default: on a terminal. */
  keep?: boolean
  speed?: number
  json?: boolean
}

export function addDemoCommand(program: Command, session: DevSession): void {
  program
    .command('demo')
    .description('run an example of every kind of job on this machine, and show what was made')
    .option('-k, --keep', 'keep everything running afterwards, until Ctrl-C (the default on a terminal)')
    .option('--no-keep', 'end everything as soon as the jobs are done')
    .option(
      '-s, --speed <factor>',
      'share of the real rendering times to take; 0 is as fast as possible',
      factor,
    )
    .option('--json', 'the result as one JSON object')
    .action((options: DemoOptions) => demo(session, options))
}

/** A folder of its own, so that a demo disturbs no stack that runs. */
function demoDirOf({ dataDir }: { dataDir: string }): string {
  return join(dataDir, 'demo')
}

function factor(value: string): number {
  const speed = Number(value)
  if (value.trim() === '' || !Number.isFinite(speed) || speed < 0) {
    throw new InvalidArgumentError('It must be a number, 0 or more.')
  }
  return speed
}

async function demo(session: DevSession, { keep, speed, json = false }: DemoOptions): Promise<void> {
  const tell = (line: string) => void (json ? session.stderr.write(`${line}\n`) : session.print(line))
  tell('Starting the whole pipeline on this machine…')
  const options = {
    dataDirOf: demoDirOf,
    previewSpeedOf: (config: { engine: { previewSpeed: number } }) => speed ?? config.engine.previewSpeed,
    callbackUrl: null,
    ui: true,
    verbose: false,
    tell,
  }
  let shownAll = false
  const end = await runStack(session, options, async running => {
    const jobs = await runExamples(session, running, { json, tell })
    if (jobs.some(job => job.status !== 'completed')) session.ended(EXIT.jobFailed)
    await showResult(session, running, jobs, json)
    shownAll = true
    if (keep ?? (session.stdout.isTTY === true && !json)) {
      const dataDir = `DATA_DIR=${shown(demoDirOf(running.config))}`
      tell(
        `\nEverything keeps running for you to look at (other commands find it with ${dataDir}). Ctrl-C ends it.`,
      )
      await running.interrupted
    } else {
      tell(
        '\nEverything is stopped again: `npm run demo -- --keep` leaves it running, so that the links work.',
      )
    }
  })
  if (end === 'interrupted' && !shownAll) session.ended(EXIT.interrupted)
}

async function runExamples(
  session: DevSession,
  { config, stack, signal }: RunningStack,
  { json, tell }: { json: boolean; tell: (line: string) => void },
): Promise<JobView[]> {
  await putExamplePictures(stack.store)
  const payloads = await newExampleJobs(stack.store)
  const { temporalAddress, namespace, uiUrl, receiverUrl } = stack.addresses
  const client = await connectPipelineClient({
    ...parseClientConfig({ TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: namespace }),
    encryption: config.encryption,
  })
  try {
    tell(`${payloads.length} jobs are on their way. Web UI: ${uiUrl} · callbacks: ${receiverUrl}\n`)
    for (const payload of payloads) await client.submit(payload)
    const bars = session.stdout.isTTY && !json
    const reporter = bars ? await createReporter({ stdout: session.stdout, json: false }) : endsOnly(tell)
    const views = await Promise.all(payloads.map(({ id }) => lastView(client, id, reporter.update, signal)))
    reporter.stop()
    return views
  } finally {
    await client.close()
  }
}

/** In a pipe, a line per job is enough. */
function endsOnly(tell: (line: string) => void): Reporter {
  return {
    update(job) {
      if (job.outcome !== null) tell(`${job.jobId} ${job.type} ${job.status}`)
    },
    stop() {},
  }
}

async function lastView(
  client: PipelineClient,
  jobId: string,
  update: (job: JobView) => void,
  signal: AbortSignal,
): Promise<JobView> {
  let last: JobView | null = null
  for await (const view of client.watch(jobId, { signal })) {
    last = view
    update(view)
  }
  if (last === null) throw new Error(`nothing was told of job ${jobId}`)
  return last
}

async function showResult(
  session: DevSession,
  { config, stack }: RunningStack,
  jobs: readonly JobView[],
  json: boolean,
): Promise<void> {
  const demoDir = demoDirOf(config)
  const sheet = join(demoDir, 'contact-sheet.png')
  const storeDir = join(demoDir, 'store')
  const isMade = await writeContactSheet({ jobs, storeDir, sheet, ffmpeg: config.engine.ffmpeg })
  const { addresses } = stack
  if (json) {
    session.print(JSON.stringify({ jobs, storeDir, contactSheet: isMade ? sheet : null, addresses }))
    return
  }
  session.print(`\n${demoTable(jobs)}\n`)
  const facts = [
    ['Contact sheet', isMade ? shown(sheet) : 'none, as no job was completed'],
    ['Files', join(shown(storeDir), '<job type>', '<user>', '<job>')],
    ['Web UI', `${addresses.uiUrl}/namespaces/${addresses.namespace}/workflows`],
    ['Callbacks', `${addresses.receiverUrl} (with links to the files)`],
  ]
  for (const [name, value] of facts) session.print(`${name?.padEnd(15)}${value}`)
}
