import { type Finding, RULES } from './findings.ts'
import type { Idleness } from './rules/idleness.ts'
import type { Again } from './rules/renders.ts'

export interface AuditReport {
  seed: number
  jobs: number
  /** By what the app was told. */
  byStatus: Record<string, number>
  /** Failures by their code. */
  byError: Record<string, number>
  faults: number
  workflows: number
  /** Requests that the app took over, and those of them that told it what it knew. */
  callbacks: number
  redeliveries: number
  /** `processing` after the terminal event, which was then repeated. */
  lateProcessing: number
  /** Attempts of renders that had the card, and those after the first of their job by the reason that allows them. */
  renders: number
  secondRenders: Again
  /** How much of the jobs' time the rule `idle` could not look at, as something excused it. */
  idleness: Omit<Idleness, 'findings'>
  /** Objects in the app's buckets, thumbnails included. */
  assets: number
  findings: Finding[]
}

/** For people: the figures, then each finding with what its rule means. */
export function formatReport(report: AuditReport): string {
  const list = (counts: Record<string, number | undefined>) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none'
  const figures = [
    `seed ${report.seed}: ${report.faults} faults, ${report.jobs} jobs, ${report.workflows} workflows`,
    `ended: ${list(report.byStatus)}`,
    `failed: ${list(report.byError)}`,
    `told: ${report.callbacks} callbacks, ${report.redeliveries} of them again, ${report.lateProcessing} processing too late and mended`,
    `renders: ${report.renders} had the card`,
    `again without a receipt: ${list(report.secondRenders.withoutReceipt)}`,
    `again though there was a receipt: ${list(report.secondRenders.withReceipt)}`,
    `idleness: ${formatIdleness(report.idleness)}`,
    `objects: ${report.assets}`,
  ]
  const findings = report.findings.map(
    ({ rule, jobId, detail }) => `FOUND ${rule} (${RULES[rule]}): ${jobId ?? '-'}: ${detail}`,
  )
  const verdict = findings.length === 0 ? ['nothing found'] : [...findings, `${findings.length} findings`]
  return [...figures, ...verdict].join('\n')
}

function formatIdleness({ idleMs, jobMs, excusedMs, neededMs, byExcuse }: AuditReport['idleness']): string {
  const share = (ms: number) => `${((100 * ms) / Math.max(1, jobMs)).toFixed(1)} %`
  const minutes = (jobMs / 60_000).toFixed(1)
  const each = Object.entries(byExcuse).map(([excuse, ms]) => `${share(ms)} ${excuse}`)
  return `of ${minutes} minutes of job time ${share(excusedMs)} lay under an excuse, ${share(neededMs)} needed it (silent for more than ${idleMs / 1000} s); ${each.join(', ')}`
}
