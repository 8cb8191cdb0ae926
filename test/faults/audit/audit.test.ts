import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from './audit.ts'
import type { SubmissionLine } from './evidence.ts'
import { formatReport } from './report.ts'
import { CALLBACK_CASES } from './testing/cases/callbacks.ts'
import type { Case, Jobs } from './testing/cases/case.ts'
import { CAUSE_CASES } from './testing/cases/causes.ts'
import { LEAK_CASES } from './testing/cases/leaks.ts'
import { OBJECT_CASES } from './testing/cases/objects.ts'
import { RENDER_CASES } from './testing/cases/renders.ts'
import { WORKFLOW_CASES } from './testing/cases/workflows.ts'
import { recordCleanRun } from './testing/cleanRun.ts'
import { doctored } from './testing/doctored.ts'

let directory: string
let evidence: string
let jobs: Jobs

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ourvidz-audit-'))
  evidence = join(directory, 'evidence')
  const { quiet, audit: report } = await recordCleanRun(directory)
  expect(formatReport(report)).toContain('nothing found')
  expect(quiet).toBe(true)
  const lines = (await readFile(join(evidence, 'submissions.jsonl'), 'utf8')).trimEnd().split('\n')
  const submissions = lines.map((line): SubmissionLine => JSON.parse(line))
  const find = (fits: (line: SubmissionLine) => boolean): SubmissionLine => {
    const found = submissions.find(fits)
    if (found === undefined) throw new Error('the clean run has no such job')
    return found
  }
  jobs = {
    pictures: find(({ images, wish }) => images === 3 && wish === null),
    video: find(({ type, wish }) => type === 'video_fast' && wish === null),
    failed: find(({ wish }) => wish === 'engine_rejected'),
    refused: find(({ wish }) => wish === 'no_file:once'),
  }
}, 240_000)

afterAll(() => rm(directory, { recursive: true, force: true }))

test('of a clean run the same is told from the saved histories, and all its renders are explained', async () => {
  const report = await audit(evidence)
  expect(report).toMatchObject({ findings: [], faults: 5, lateProcessing: 0 })
  expect(report.jobs).toBeGreaterThanOrEqual(5)
  expect(report.byError).toMatchObject({ engine_rejected: 1 })
  const { withReceipt, withoutReceipt } = report.secondRenders
  expect(withReceipt).toEqual({})
  expect(Object.keys(withoutReceipt).toSorted()).toEqual(['output refused', 'program died'])
})

describe.each([
  ['the callbacks', CALLBACK_CASES],
  ['the failures', CAUSE_CASES],
  ['the store', OBJECT_CASES],
  ['the engines', RENDER_CASES],
  ['the ends', LEAK_CASES],
  ['Temporal', WORKFLOW_CASES],
])('%s', (_, cases: Case[]) => {
  test.each(cases.map(one => [one.what, one] as const))('%s', async (_, { finds, counted, change }) => {
    const doctor = await doctored(evidence)
    await change(doctor, jobs)
    const { rules, secondRenders } = await doctor.report()
    expect(rules).toEqual(finds.toSorted())
    if (counted !== undefined) expect(secondRenders).toHaveProperty(counted, 1)
  })
})
