import type { LogLevel, LogMetadata, Logger as TemporalLogger } from '@temporalio/worker'
import type { Logger } from './log.ts'

const levels = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const

/** Passes what Temporal's SDK logs on to our log; a job's lines carry its `jobId`, as our own do. */
export function temporalLogger(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta: LogMetadata = {}) =>
    log[levels[level]](fields(meta), message)
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  }
}

function fields(meta: LogMetadata): Record<string, unknown> {
  const { error, workflowId, ...rest }: Record<string, unknown> = meta
  const jobId = typeof workflowId === 'string' ? /^(?:job|callback)-(.+)$/.exec(workflowId)?.[1] : undefined
  return {
    ...rest,
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(error === undefined ? {} : { err: error }),
  }
}
