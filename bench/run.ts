/**
 * The contest: the loop that this replaces, BullMQ and ours, side by side on the same simulated card. Some hours in
 * full; every run is kept, and `--resume` goes on after the last. `npm run bench -- --help`
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { orRefuse } from '../dev/commandLine.ts'
import { makespanSeconds } from './contest/figures/makespan.ts'
import { type ContestOptions, readOptions, USAGE } from './contest/options.ts'
import { readCheckpoints, removeCheckpoints, writeCheckpoint } from './contest/report/checkpoints.ts'
import { describeMachine } from './contest/report/machine.ts'
import { digits } from './contest/report/numbers.ts'
import { goalTable, makespanTable } from './contest/report/tables.ts'
import { writeReport } from './contest/report/writeReport.ts'
import { runOne } from './contest/runOne.ts'
import { type PlannedRun, scheduleOf } from './contest/schedule.ts'

const options = orRefuse(USAGE, () => readOptions(process.argv.slice(2)))
if (options === null) {
  console.log(USAGE)
} else {
  await contest(options)
}

async function contest(chosen: ContestOptions): Promise<void> {
  const { out, scale, scenarios, resume, json } = chosen
  if (!resume) await removeCheckpoints(out, scenarios)
  const kept = await readCheckpoints(out, scale)
  const isKept = (run: PlannedRun) =>
    kept.some(
      each =>
        each.scenario === run.scenario && each.contender === run.contender && each.repeat === run.repeat,
    )
  const runs = scheduleOf(chosen).filter(run => !isKept(run))
  const machine = await describeMachine()
  for (const [index, run] of runs.entries()) {
    const dir = await mkdtemp(join(tmpdir(), 'ourvidz-contest-'))
    const startedMs = performance.now()
    try {
      const record = await runOne({ ...run, seed: run.repeat, scale, dir })
      await writeCheckpoint(out, { ...run, machine, measuredOn: new Date().toISOString(), record })
      const completed = record.jobs.filter(({ status }) => status === 'completed').length
      console.error(
        `${index + 1} of ${runs.length}: ${run.scenario}, ${run.contender}, repeat ${run.repeat}: ` +
          `${completed} of ${record.jobs.length} completed, makespan ${digits(makespanSeconds(record))} s, ` +
          `took ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
      )
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }
  const results = await writeReport(out, await readCheckpoints(out, scale))
  console.log(json ? JSON.stringify(results) : `${goalTable(results.goals)}\n\n${makespanTable(results)}`)
}
