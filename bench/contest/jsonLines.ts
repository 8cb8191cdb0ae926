import type { Readable } from 'node:stream'
import { createLineSplitter } from '../../engines/lineSplitter.ts'

/** One JSON value a line. A last line without an end is none: its writer died. */
export function onJsonLines(stream: Readable, onValue: (value: unknown) => void): void {
  const { push } = createLineSplitter({
    maxLength: Number.POSITIVE_INFINITY,
    onLine: line => onValue(JSON.parse(line)),
  })
  stream.setEncoding('utf8')
  stream.on('data', push)
}
