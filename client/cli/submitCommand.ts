import type { Command } from 'commander'
import { follow } from './follow.ts'
import { readPayloads, withSimulation } from './readPayloads.ts'
import type { Session } from './session.ts'

interface SubmitOptions {
  wait?: boolean
  json?: boolean
  simulate?: string
}

export function addSubmitCommand(program: Command, session: Session): void {
  program
    .command('submit')
    .description('submit jobs; the same payload twice is one job')
    .argument('<payload...>', 'JSON files, each with a payload or an array of them; - for standard input')
    .option('-w, --wait', 'follow the jobs until they have ended')
    .option('--json', 'one JSON object per line')
    .option('--simulate <failure>', 'a failure code, or what the preview engine acts out; not in production')
    .addHelpText(
      'after',
      `
Examples:
  ourvidz submit examples/sdxl_image_fast.json --wait
  ourvidz submit a.json b.json c.json --wait
  jq '.id = "'$(uuidgen)'"' job.json | ourvidz submit - --json
  ourvidz submit job.json --simulate out_of_memory --wait`,
    )
    .action((paths: string[], options: SubmitOptions) => submitAll(session, paths, options))
}

async function submitAll(
  session: Session,
  paths: string[],
  { wait, json = false, simulate }: SubmitOptions,
): Promise<void> {
  const given = await readPayloads(paths, session.stdin)
  const pipeline = await session.pipeline()
  const jobIds: string[] = []
  for (const { from, payload } of given) {
    if (session.interrupted.aborted) break
    try {
      const job = await pipeline.submit(withSimulation(payload, simulate))
      jobIds.push(job.jobId)
      if (json) session.print(JSON.stringify(job))
      else
        session.print(job.created ? `${job.jobId} submitted` : `${job.jobId} submitted before, ${job.status}`)
    } catch (error) {
      session.fail(error, from)
    }
  }
  if (wait && jobIds.length > 0) await follow(session, jobIds, { json })
}
