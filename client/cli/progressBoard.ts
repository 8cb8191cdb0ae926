import { createLogUpdate } from 'log-update'
import type { JobView } from '../jobView.ts'
import { elapsedText, endText, progressText, statusText } from './jobText.ts'
import type { Reporter } from './reporter.ts'
import type { OutputStream } from './session.ts'

const BAR_WIDTH = 20
/** So that the elapsed time moves while nothing else does. */
const TICK_MS = 1000

/** A line with a bar per job, rewritten in place; a job that has ended moves up into the scrollback with its files or its failure. */
export function createProgressBoard(stdout: OutputStream & NodeJS.WriteStream): Reporter {
  const draw = createLogUpdate(stdout)
  const running = new Map<string, JobView>()
  const redraw = () => draw(visible([...running.values()], stdout).join('\n'))
  const tick = setInterval(redraw, TICK_MS)
  return {
    update(job) {
      if (job.outcome === null) {
        running.set(job.jobId, job)
      } else {
        running.delete(job.jobId)
        draw.persist(endLine(job, stdout))
      }
      redraw()
    },
    stop() {
      clearInterval(tick)
      redraw()
      draw.done()
    },
  }
}

/** What does not fit on the screen is counted instead. */
function visible(jobs: JobView[], stdout: NodeJS.WriteStream): string[] {
  const room = Math.max(1, (stdout.rows ?? 24) - 2)
  const shown = jobs.length > room ? jobs.slice(0, room - 1) : jobs
  const lines = shown.map(job => cut(jobLine(job, Date.now()), stdout.columns ?? 80))
  return jobs.length > shown.length ? [...lines, `and ${jobs.length - shown.length} more`] : lines
}

function jobLine(job: JobView, nowMs: number): string {
  const type = (job.type ?? 'unknown').padEnd(21)
  return `${job.jobId.slice(0, 8)}  ${type}  ${bar(job)}  ${elapsedText(job, nowMs).padStart(5)}  ${progressText(job)}`
}

function bar({ step, total }: JobView): string {
  const filled = total > 0 ? Math.round((BAR_WIDTH * Math.min(step, total)) / total) : 0
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
}

function endLine(job: JobView, stdout: NodeJS.WriteStream): string {
  const sign = job.status === 'completed' ? '✔' : '✖'
  const elapsed = elapsedText(job, Date.now())
  const head = statusText(job.status, `${sign} ${job.jobId}  ${job.status}  ${elapsed}`, stdout)
  return `${head}  ${endText(job)}`
}

function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`
}
