import type { JobView } from '../jobView.ts'
import { endText, progressText } from './jobText.ts'
import type { OutputStream } from './session.ts'

/** Shows how jobs get on. `update` is called with every change of every job, `stop` once, at the end. */
export interface Reporter {
  update(job: JobView): void
  stop(): void
}

/** Bars on a terminal, plain lines in a pipe, JSON lines where asked for. */
export async function createReporter({
  stdout,
  json,
}: {
  stdout: OutputStream
  json: boolean
}): Promise<Reporter> {
  if (json) return { update: job => void stdout.write(`${JSON.stringify(job)}\n`), stop() {} }
  if (!isTerminal(stdout)) return createLineReporter(stdout)
  const { createProgressBoard } = await import('./progressBoard.ts')
  return createProgressBoard(stdout)
}

/** Some pseudo-terminals have no size; nothing can be drawn on those. */
function isTerminal(stream: OutputStream): stream is NodeJS.WriteStream {
  return stream.isTTY === true && (stream.columns ?? 0) > 0
}

/** A line per phase and per tenth of its steps: a log that is worth reading later. */
function createLineReporter(stdout: NodeJS.WritableStream): Reporter {
  const last = new Map<string, string>()
  return {
    update(job) {
      const key = `${job.phase} ${job.attempt} ${tenth(job)} ${job.waitingReason}`
      if (job.outcome === null && last.get(job.jobId) === key) return
      last.set(job.jobId, key)
      stdout.write(
        `${job.jobId} ${job.outcome === null ? progressText(job) : `${job.status} ${endText(job)}`.trimEnd()}\n`,
      )
    },
    stop() {},
  }
}

function tenth({ step, total }: JobView): number {
  return total > 0 ? Math.floor((10 * step) / total) : 0
}
