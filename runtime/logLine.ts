import { styleText } from 'node:util'

const hidden = new Set(['level', 'time', 'name', 'pid', 'msg', 'err'])
const colours = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red', fatal: 'red' } as const

/** One JSON log line as a person reads it: clock, level, program, message, fields; an error's stack below. */
export function readableLine(line: string): string {
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line)
  } catch {
    return line
  }
  const level = String(entry.level)
  const clock = String(entry.time).slice(11, 23)
  const fields = Object.entries(entry)
    .filter(([key]) => !hidden.has(key))
    .map(
      ([key, value]) =>
        styleText('dim', `${key}=`) + (typeof value === 'string' ? value : JSON.stringify(value)),
    )
  const head = [
    styleText('dim', clock),
    styleText(isColoured(level) ? colours[level] : 'gray', level.padEnd(5)),
    `${String(entry.name)}:`,
    String(entry.msg ?? ''),
    ...fields,
  ].join(' ')
  return `${head}\n${errorLines(entry.err)}`
}

function isColoured(level: string): level is keyof typeof colours {
  return Object.hasOwn(colours, level)
}

function errorLines(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ''
  const text = 'stack' in error ? error.stack : 'message' in error ? error.message : undefined
  const cause = 'cause' in error ? errorLines(error.cause) : ''
  return (
    (typeof text === 'string' ? `${text.replaceAll(/^/gm, '  ')}\n` : '') + (cause && `  caused by\n${cause}`)
  )
}
