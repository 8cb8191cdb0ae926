import type { HostStatus } from '../evidence.ts'
import type { Finding, Rule } from '../findings.ts'
import type { JobView } from '../jobView.ts'
import { hostOfQueue } from '../needs.ts'
import type { Evidence } from '../readEvidence.ts'

/** Records that a render keeps until it is collected (RENDER_TTL_HOURS): its marks, its receipt, and what was uploaded. */
const KEPT_RECORD = /^[^/]+\/[0-9a-f]{64}\/(receipt\.json|upload\.json|began-\d+\.json)$/
/** What the preview engine remembers of failures that it has acted out. */
const SIMULATED = /^[^/]+\/[0-9a-f]{64}\/\.simulated-[0-9a-f]+(-\d+)?$/
/** A prepared reference, kept by its hash until it is collected (STAGING_TTL_HOURS). */
const STAGED = /^[0-9a-f]{64}$/
const RENDERED = /^([^/]+)\/[0-9a-f]{64}\//

/**
 * At the end, with every job over, a host holds nothing for anybody. A file that a render or a killed worker left is kept until
 * it is collected, which a run does not wait for: it is a leak only if nothing happened to its host or its job since.
 */
export function checkLeaks(evidence: Evidence, jobs: readonly JobView[]): Finding[] {
  const byId = new Map(jobs.map(job => [job.submission.jobId, job]))
  const left = evidence.processes.map(({ pid, command }) => finding('process-leaked', `${pid}: ${command}`))
  const hosts = Object.entries(evidence.hosts).flatMap(([host, status]) => [
    ...checkCard(host, status),
    ...status.renders
      .filter(({ path }) => !KEPT_RECORD.test(path) && !SIMULATED.test(path))
      .filter(({ path, mtime }) => !isExplained(evidence, byId, { host, path, mtime }))
      .map(({ path }) => finding('file-leaked', `renders/${path} on ${host}`, RENDERED.exec(path)?.[1])),
    ...status.staging
      .filter(({ path }) => !STAGED.test(path))
      .filter(({ mtime }) => !wasHit(evidence, host, mtime))
      .map(({ path }) => finding('file-leaked', `staging/${path} on ${host}`)),
  ])
  const living = evidence.run.hosts.filter(({ retiredAt }) => retiredAt === null)
  const unasked = living
    .filter(({ hostId }) => evidence.hosts[hostId] === undefined)
    .map(({ hostId }) => finding('evidence-missing', `host-status.json does not tell of ${hostId}`))
  return [...left, ...hosts, ...unasked]
}

function checkCard(host: string, { card }: HostStatus): Finding[] {
  if (card === null) return [finding('evidence-missing', `the worker of ${host} did not answer`)]
  const found: Finding[] = []
  if (card.holder !== null && card.holder !== undefined)
    found.push(finding('turn-leaked', `${JSON.stringify(card.holder)} holds the card of ${host}`))
  for (const { lane, running, waiting, ready, reason } of card.lanes) {
    const kept = [...running, ...waiting]
    if (kept.length > 0) found.push(finding('slot-leaked', `${lane} of ${host} keeps ${kept.join(', ')}`))
    if (!ready) found.push(finding('slot-leaked', `${lane} of ${host} takes no job: ${reason}`))
  }
  const inUse = card.memory?.models.filter(model => model.inUse).map(({ model }) => model) ?? []
  const workingMiB = card.memory?.workingMiB ?? 0
  if (workingMiB > 0) found.push(finding('memory-leaked', `${workingMiB} MiB are set aside on ${host}`))
  if (inUse.length > 0) found.push(finding('memory-leaked', `${inUse.join(', ')} in use on ${host}`))
  return found
}

interface Left {
  host: string
  path: string
  mtime: number
}

/** Files of a job that did not complete, or completed from another host, stay until they are collected. */
function isExplained(evidence: Evidence, byId: Map<string, JobView>, { host, path, mtime }: Left): boolean {
  if (wasHit(evidence, host, mtime)) return true
  const job = byId.get(RENDERED.exec(path)?.[1] ?? '')
  if (job === undefined) return false
  if (job.workflow?.status !== 'COMPLETED') return true
  return !job.workflow.activities.some(
    ({ name, queue, end }) => name === 'uploadAssets' && end === 'completed' && hostOfQueue(queue) === host,
  )
}

/** Whether the worker, the program or the disk of a host was hit after a file was written: nobody could tidy up. */
function wasHit({ faults }: Evidence, host: string, sinceMs: number): boolean {
  const parts = [`gpu:${host}`, `engine:${host}`, `disk:${host}`]
  return faults.some(({ down, to }) => to >= sinceMs && down.some(name => parts.includes(name)))
}

function finding(rule: Rule, detail: string, jobId: string | null = null): Finding {
  return { rule, jobId, detail }
}
