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
        styleText('dim', `${visible(key)}=`) +
        visible(typeof value === 'string' ? value : JSON.stringify(value)),
    )
  const head = [
    styleText('dim', clock),
    styleText(isColoured(level) ? colours[level] : 'gray', level.padEnd(5)),
    `${visible(String(entry.name))}:`,
    visible(String(entry.msg ?? '')),
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
    (typeof text === 'string'
      ? `${text
          .split('\n')
          .map(line => `  ${visible(line)}`)
          .join('\n')}\n`
      : '') + (cause && `  caused by\n${cause}`)
  )
}

/** What came from outside may neither begin a line of its own nor command the terminal. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Bidi_Control}]/gu,
    sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
