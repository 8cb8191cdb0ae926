import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { jobTypeNames } from '../../../jobs/jobTypes.ts'
import type { RunRecord } from '../contract.ts'
import { CONTENDERS, type ContenderName, SCENARIOS, type ScenarioName } from '../scenarios/scenario.ts'
import { machineSchema } from './machine.ts'

const recordSchema: z.ZodType<RunRecord> = z.object({
  contender: z.string(),
  scale: z.number(),
  jobs: z.array(
    z.object({
      job: z.object({
        id: z.string(),
        userId: z.string(),
        type: z.enum(jobTypeNames),
        payload: z.record(z.string(), z.unknown()),
      }),
      submittedAtMs: z.number(),
      endedAtMs: z.number().nullable(),
      status: z.enum(['completed', 'failed']).nullable(),
    }),
  ),
  card: z.array(
    z.object({
      jobId: z.string(),
      client: z.string(),
      fromMs: z.number(),
      toMs: z.number(),
      computedMs: z.number(),
    }),
  ),
})

const checkpointSchema = z.object({
  scenario: z.enum(SCENARIOS),
  contender: z.enum(CONTENDERS),
  repeat: z.number(),
  measuredOn: z.string(),
  machine: machineSchema,
  record: recordSchema,
})
export type Checkpoint = z.infer<typeof checkpointSchema>

interface RunKey {
  scenario: ScenarioName
  contender: ContenderName
  repeat: number
}

const folderOf = (out: string) => join(out, 'runs')
const fileOf = ({ scenario, contender, repeat }: RunKey) =>
  `${scenario}.${contender.replace(' ', '-')}.${repeat}.json`

/** Written whole or not at all: an interrupted bench goes on after the last one. */
export async function writeCheckpoint(out: string, checkpoint: Checkpoint): Promise<void> {
  const folder = folderOf(out)
  await mkdir(folder, { recursive: true })
  const file = join(folder, fileOf(checkpoint))
  await writeFile(`${file}.new`, JSON.stringify(checkpoint))
  await rename(`${file}.new`, file)
}

/** All runs of one scale that lie there, in the order of the tables. */
export async function readCheckpoints(out: string, scale?: number): Promise<Checkpoint[]> {
  const names = await readdir(folderOf(out)).catch(() => [])
  const all = await Promise.all(
    names
      .filter(name => name.endsWith('.json'))
      .map(async name =>
        checkpointSchema.parse(JSON.parse(await readFile(join(folderOf(out), name), 'utf8'))),
      ),
  )
  const rank = ({ scenario, contender, repeat }: RunKey) =>
    (SCENARIOS.indexOf(scenario) * 10 + CONTENDERS.indexOf(contender)) * 1000 + repeat
  return all
    .filter(({ record }) => scale === undefined || record.scale === scale)
    .toSorted((a, b) => rank(a) - rank(b))
}

export async function removeCheckpoints(out: string, scenarios: readonly ScenarioName[]): Promise<void> {
  for (const name of await readdir(folderOf(out)).catch(() => [])) {
    if (scenarios.some(scenario => name.startsWith(`${scenario}.`))) await rm(join(folderOf(out), name))
  }
}
