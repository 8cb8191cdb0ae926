import type { SubmissionLine } from '../../evidence.ts'
import type { Rule } from '../../findings.ts'
import type { Reason } from '../../renderReasons.ts'
import type { Again } from '../../rules/renders.ts'
import type { Doctor, EngineEntry } from '../doctored.ts'

/** Jobs of the clean run. */
export interface Jobs {
  /** Three images, completed. */
  pictures: SubmissionLine
  video: SubmissionLine
  failed: SubmissionLine
  /** Its first try made no file. */
  refused: SubmissionLine
}

/** One change to the evidence of a clean run, and just what the auditor must say of it. */
export interface Case {
  what: string
  finds: Rule[]
  /** What a render that was begun again must be counted as. */
  counted?: [keyof Again, Reason]
  change(doctor: Doctor, jobs: Jobs): Promise<void>
}

type Log = 'engine-card-1.jsonl' | 'engine-card-2.jsonl'

/** Where a job was drawn last, and what was written of it there. */
export async function drawnAt(doctor: Doctor, jobId: string) {
  const found: { host: string; log: Log; lines: EngineEntry[] }[] = []
  for (const host of ['card-1', 'card-2']) {
    const log = logOf(host)
    const lines = (await doctor.read(log)).filter(({ id }) => id === jobId)
    if (lines.length > 0) found.push({ host, log, lines })
  }
  const last = found.toSorted((a, b) => endOf(a.lines).localeCompare(endOf(b.lines))).at(-1)
  if (last === undefined) throw new Error(`${jobId} was never drawn`)
  return last
}

const endOf = (lines: EngineEntry[]) => lines.at(-1)?.at ?? ''

export function otherHost(host: string): { host: string; log: Log } {
  const other = host === 'card-1' ? 'card-2' : 'card-1'
  return { host: other, log: logOf(other) }
}

export function logOf(host: string): Log {
  return host === 'card-1' ? 'engine-card-1.jsonl' : 'engine-card-2.jsonl'
}

/** What a program writes of a render. */
export function renderLines(like: EngineEntry[], from: string, pid: number): EngineEntry[] {
  const { id = '', lane = '', outDir = null } = like.find(({ event }) => event === 'begun') ?? {}
  const at = (ms: number) => new Date(Date.parse(from) + ms).toISOString()
  const job = { pid, id, lane }
  return [
    { ...job, at: at(0), event: 'begun', kind: 'render', outDir },
    { ...job, at: at(10), event: 'granted' },
    { ...job, at: at(200), event: 'released' },
    { ...job, at: at(300), event: 'done' },
  ]
}

/** As in a history that is encrypted: Temporal does not tell what its activities gave. */
export async function forgetResults(doctor: Doctor, { jobId }: Pick<SubmissionLine, 'jobId'>): Promise<void> {
  await doctor.editHistory(`job-${jobId}`, events => {
    for (const event of events) {
      const completed = event.activityTaskCompletedEventAttributes
      if (typeof completed === 'object' && completed !== null && 'result' in completed)
        delete completed.result
    }
    return events
  })
}
