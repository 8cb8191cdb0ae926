import { destination, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'
import { textCensor } from '../jobs/textCensor.ts'
import type { Config } from './config.ts'
import { readableLine } from './logLine.ts'
import { redactFields } from './redact.ts'
import { secretsOf } from './redactedConfig.ts'

export type Logger = PinoLogger

export interface LogOptions {
  /** Where lines go; standard output by default. */
  stream?: { write(line: string): unknown }
  /** One readable line instead of JSON; by default when standard output is a terminal. */
  readable?: boolean
}

/**
 * The log of one program: a JSON object a line. Give ids as fields, `log.child({ jobId })`; errors as `{ err }`.
 * Secrets and prompts are withheld (redact.ts), but do not log them in the first place.
 */
export function createLogger(config: Config, name: string, options: LogOptions = {}): Logger {
  const out = options.stream ?? destination({ dest: 1, sync: true })
  const readable = options.readable ?? (options.stream === undefined && process.stdout.isTTY)
  const censor = textCensor(secretsOf(config))
  return pino(
    {
      name,
      level: config.logLevel,
      base: { name, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }), log: redactFields, bindings: redactFields },
      // redactFields has turned errors into plain fields already.
      serializers: { err: error => error },
    },
    { write: line => void out.write(readable ? readableLine(censor(line)) : censor(line)) },
  )
}
