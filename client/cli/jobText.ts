import { styleText } from 'node:util'
import type { JobStatus } from '../../jobs/status.ts'
import { workflowIds } from '../../jobs/workflowIds.ts'
import type { Config } from '../../runtime/config.ts'
import type { JobSummary } from '../jobSummary.ts'
import type { JobView } from '../jobView.ts'
import { alignColumns } from './alignColumns.ts'

const COLOURS: Record<JobStatus, 'green' | 'red' | 'yellow' | 'cyan' | 'gray'> = {
  queued: 'gray',
  processing: 'cyan',
  quarantined: 'red',
  completed: 'green',
  failed: 'red',
  aborted: 'yellow',
  canceled: 'yellow',
}

/** Text padded to a width and coloured by the job's status; without colour where the stream is no terminal or says so. */
export function statusText(status: JobStatus, text: string, stream: NodeJS.WritableStream): string {
  return styleText(COLOURS[status], text, { stream, validateStream: true })
}

/** `rendering 12/25`, and why nothing moves where that is known. */
export function progressText(job: JobView): string {
  const steps = job.total > 0 ? ` ${job.step}/${job.total}` : ''
  const attempt = job.attempt > 1 ? ` (attempt ${job.attempt})` : ''
  const why = job.waitingReason === null ? '' : ` - ${job.waitingReason}`
  return `${job.phase ?? job.status}${steps}${attempt}${why}`
}

/** How a job ended, in one line. */
export function endText(job: JobView): string {
  if (job.status === 'completed') return job.assets.map(({ path }) => path).join(' ')
  return job.failure === null ? '' : `${job.failure.code}: ${job.failure.detail || job.failure.message}`
}

/** Seconds since the job was submitted, as `1:05`. */
export function elapsedText(job: JobView, nowMs: number): string {
  const seconds = Math.max(
    0,
    Math.round(((job.closedAt?.getTime() ?? nowMs) - job.createdAt.getTime()) / 1000),
  )
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Where the job is in Temporal's Web UI; null where TEMPORAL_UI_URL is not set. */
export function webUiLink({ temporal }: Config, jobId: string): string | null {
  if (temporal.uiUrl === null) return null
  return `${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows/${workflowIds.job(jobId)}`
}

/** Everything about one job, a fact per line. */
export function detailText(job: JobView, webUi: string | null): string {
  const facts: [string, string | null][] = [
    ['job', job.jobId],
    ['status', job.status],
    ['type', job.type],
    ['user', job.userId],
    ['reference', job.referenceMode],
    ['phase', job.phase === null ? null : progressText(job)],
    ['submitted', job.createdAt.toISOString()],
    ['attempt since', job.startedAt?.toISOString() ?? null],
    ['ended', job.closedAt?.toISOString() ?? null],
    ['seed', job.outcome?.seed?.toString() ?? null],
    ['failure', job.failure === null ? null : `${job.failure.code}: ${job.failure.message}`],
    ['detail', job.failure?.detail || null],
    ['callback', job.callback],
    ['web ui', webUi],
    ...job.assets.map((asset): [string, string] => [
      `asset ${asset.index}`,
      `${job.outcome?.bucket}/${asset.path}`,
    ]),
  ]
  return facts
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.padEnd(14)}${value}`)
    .join('\n')
}

/** A list as a table with a head. */
export function tableText(jobs: readonly JobSummary[]): string {
  const rows = jobs.map(job => [
    job.jobId,
    job.status ?? 'past retention',
    job.type ?? '-',
    job.userId ?? '-',
    job.callback,
    job.createdAt.toISOString().slice(0, 19).replace('T', ' '),
    job.failureCode ?? '',
  ])
  return alignColumns([['JOB', 'STATUS', 'TYPE', 'USER', 'CALLBACK', 'SUBMITTED (UTC)', 'FAILURE'], ...rows])
}
