import type { JobView } from '../jobView.ts'
import { isTerminal } from './isTerminal.ts'
import { endText, progressText } from './jobText.ts'
import type { Reporter } from './reporter.ts'
import type { OutputStream } from './session.ts'

/** Bars on a terminal, plain lines in a pipe, JSON lines where asked for. */
export async function createReporter(options: { stdout: OutputStream; json: boolean }): Promise<Reporter> {
  const { stdout, json } = options
  if (json) return { update: job => void stdout.write(`${JSON.stringify(job)}\n`), stop() {} }
  if (!isTerminal(stdout)) return createLineReporter(stdout)
  const { createProgressBoard } = await import('./progressBoard.ts')
  return createProgressBoard(stdout)
}

/** A line per phase and per tenth of its steps: a log that is worth reading later. */
function createLineReporter(stdout: NodeJS.WritableStream): Reporter {
  const last = new Map<string, string>()
  return {
    update(job) {
      const key = `${job.phase} ${job.attempt} ${tenth(job)} ${job.waitingReason}`
      if (job.outcome === null && last.get(job.jobId) === key) return
      last.set(job.jobId, key)
      const text = job.outcome === null ? progressText(job) : `${job.status} ${endText(job)}`
      stdout.write(`${job.jobId} ${text.trimEnd()}\n`)
    },
    stop() {},
  }
}

function tenth({ step, total }: JobView): number {
  return total > 0 ? Math.floor((10 * step) / total) : 0
}
