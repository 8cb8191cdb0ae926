import { createDecoder, type Decoder } from './decode.ts'
import { callbacksOf, type JobView, jobViews } from './jobView.ts'
import { type Evidence, readEvidence } from './readEvidence.ts'
import { fetchHistories, savedHistories } from './readHistories.ts'
import type { AuditReport } from './report.ts'
import { checkAssets } from './rules/assets.ts'
import { checkCauses } from './rules/causes.ts'
import { checkIdleness } from './rules/idleness.ts'
import { checkLeaks } from './rules/leaks.ts'
import { checkObjects, checkOthersObjects } from './rules/objects.ts'
import { checkRenders } from './rules/renders.ts'
import { checkTerminals } from './rules/terminals.ts'
import { checkTurns } from './rules/turns.ts'
import { readWorkflow } from './workflow.ts'

export interface AuditOptions {
  /** `host:port`; without it the histories are those that an earlier audit has saved. */
  temporalAddress?: string | null
  /** Of the run, where its own word is not to be taken. */
  namespace?: string
  /** Without it, one of its own. */
  decoder?: Decoder
}

/**
 * Compares what Temporal, the app, the store and the engines have written down of a run that has come to rest. Shares no code
 * with the pipeline: a mistake there must not be made here too. Throws when a witness cannot be read.
 */
export async function audit(directory: string, options: AuditOptions = {}): Promise<AuditReport> {
  const read = await readEvidence(directory)
  const { temporalAddress: address = null, namespace = read.run.namespace } = options
  const histories =
    address === null
      ? await savedHistories(directory)
      : await fetchHistories(directory, { address, namespace })
  const prefix = read.run.queuePrefix === '' ? '' : `${read.run.queuePrefix}.`
  const workflows = histories
    .flatMap(history => readWorkflow(history) ?? [])
    .filter(({ queue }) => queue === `${prefix}jobs`)
  const evidence: Evidence = { ...read, workflows }
  const jobs = jobViews(evidence)
  const renders = checkRenders(evidence, jobs)
  const { findings: idle, ...idleness } = checkIdleness(evidence, jobs)
  const findings = [
    ...checkTerminals(evidence, jobs),
    ...checkCauses(evidence, jobs),
    ...checkObjects(evidence, jobs),
    ...checkOthersObjects(evidence),
    ...(await checkAssets(evidence, jobs, options.decoder ?? (await createDecoder()))),
    ...renders.findings,
    ...checkTurns(evidence),
    ...checkLeaks(evidence, jobs),
    ...idle,
  ]
  return {
    ...{ seed: read.run.seed, jobs: jobs.length, faults: read.faults.length },
    workflows: workflows.length,
    byStatus: countBy(jobs, ({ terminal }) => terminal?.status ?? 'open'),
    byError: countBy(jobs, ({ terminal }) => terminal?.errorType ?? null),
    callbacks: callbacksOf(evidence).length,
    redeliveries: jobs.reduce((sum, job) => sum + redeliveriesOf(job), 0),
    lateProcessing: jobs.reduce((sum, job) => sum + lateProcessingOf(job), 0),
    renders: renders.drawn,
    secondRenders: renders.again,
    idleness,
    assets: read.stored.filter(({ bucket }) => read.run.buckets.includes(bucket)).length,
    findings,
  }
}

function countBy(jobs: readonly JobView[], key: (job: JobView) => string | null): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of jobs.flatMap(job => key(job) ?? [])) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function redeliveriesOf({ callbacks }: JobView): number {
  return callbacks.length - new Set(callbacks.map(({ eventId, status }) => `${eventId} ${status}`)).size
}

function lateProcessingOf({ callbacks, terminal }: JobView): number {
  return callbacks.filter(callback => !callback.terminal && terminal !== null && callback.at > terminal.at)
    .length
}
