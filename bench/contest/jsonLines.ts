import type { Readable } from 'node:stream'

/** One JSON value a line. A last line without an end is none: its writer died. */
export function onJsonLines(stream: Readable, onValue: (value: unknown) => void): void {
  let partial = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (partial + text).split('\n')
    partial = lines.pop() ?? ''
    for (const line of lines) onValue(JSON.parse(line))
  })
}
