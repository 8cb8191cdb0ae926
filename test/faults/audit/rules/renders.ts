import { z } from 'zod'
import { type Drawing, drawingsOf } from '../drawings.ts'
import type { Finding } from '../findings.ts'
import type { JobView } from '../jobView.ts'
import type { Evidence } from '../readEvidence.ts'
import { isAlive, type Pair, type Reason, reasonOf } from '../renderReasons.ts'

const receiptSchema = z.looseObject({ host: z.string(), planHash: z.string() })

type Counts = Partial<Record<Reason, number>>

/** What was begun again, told apart by whether it was paid for in full before: whether a receipt had existed. */
export interface Again {
  withReceipt: Counts
  withoutReceipt: Counts
}

export interface Renders {
  /** Attempts that had the card. */
  drawn: number
  /** Those of them that were not the first of their job, by the reason that allows them. */
  again: Again
  findings: Finding[]
}

/**
 * Every render of a job after its first needs a reason of the table in renderReasons.ts. An attempt counts once it has had the
 * card: one that only waited cost nobody anything. That a receipt existed is known from the watcher of the render folders, who
 * may miss one that is gone at once, and from what Temporal was told.
 */
export function checkRenders(evidence: Evidence, jobs: readonly JobView[]): Renders {
  const drawings = drawingsOf(evidence)
    .filter(({ kind, drawnMs }) => kind === 'render' && drawnMs !== null)
    .toSorted((a, b) => startOf(a) - startOf(b))
  const byJob = Map.groupBy(drawings, ({ id }) => id)
  const again: Again = { withReceipt: {}, withoutReceipt: {} }
  const findings: Finding[] = []
  for (const job of jobs) {
    const { jobId } = job.submission
    const attempts = byJob.get(jobId) ?? []
    for (const [index, later] of attempts.entries()) {
      const pairs = attempts.slice(0, index).map(earlier => pairOf(evidence, job, earlier, later))
      const reasons = pairs.map(pair => reasonOf(pair, evidence))
      const bad = pairs.find((_, place) => reasons[place] === null)
      if (bad !== undefined) findings.push({ ...wrong(bad, evidence), jobId })
      const paid = pairs.findLastIndex(({ receiptMs }) => receiptMs !== null)
      const reason = reasons.at(paid)
      if (bad !== undefined || !reason) continue
      const counts = paid === -1 ? again.withoutReceipt : again.withReceipt
      counts[reason] = (counts[reason] ?? 0) + 1
    }
  }
  return { drawn: drawings.length, again, findings }
}

function startOf({ drawnMs, begunMs }: Drawing): number {
  return drawnMs ?? begunMs
}

function pairOf(evidence: Evidence, job: JobView, earlier: Drawing, later: Drawing): Pair {
  const { jobId } = job.submission
  const seen = evidence.receipts
    .filter(receipt => receipt.jobId === jobId && receipt.host === earlier.host)
    .filter(({ planHash }) => planHash === earlier.planHash)
    .map(({ mtime }) => mtime)
  const told = (job.workflow?.activities ?? []).flatMap(({ name, result, closedMs }) => {
    const receipt = receiptSchema.safeParse(result)
    const fits =
      name === 'generate' &&
      receipt.success &&
      receipt.data.host === earlier.host &&
      receipt.data.planHash === earlier.planHash
    return fits && closedMs !== null ? [closedMs] : []
  })
  const before = [...seen, ...told].filter(atMs => atMs >= earlier.begunMs && atMs < startOf(later))
  return { job, earlier, later, receiptMs: before.length === 0 ? null : Math.min(...before) }
}

function wrong(pair: Pair, evidence: Evidence): Pick<Finding, 'rule' | 'detail'> {
  const { earlier, later, receiptMs } = pair
  const alive = isAlive(pair, evidence)
  const receipt = receiptMs === null ? 'without a receipt' : `with its receipt at ${iso(receiptMs)}`
  const ended = `${earlier.end ?? 'never heard of again'} at ${iso(earlier.endedMs)}`
  return {
    rule: alive ? 'rendered-at-once' : 'rendered-twice',
    detail: `on ${later.host} from ${iso(startOf(later))}; before that on ${earlier.host} from ${iso(startOf(earlier))}, ${ended}, ${receipt}`,
  }
}

const iso = (ms: number) => new Date(ms).toISOString()
