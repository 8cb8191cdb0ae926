import { createLineSplitter } from './lineSplitter.ts'

const LINES = 50
const LINE_LENGTH = 400

/** Keeps the last 50 lines of a program's stderr, each cut to 400 characters and censored: what it said before it died. */
export function createStderrTail({
  censor,
  onLine,
}: {
  censor: (text: string) => string
  onLine: (line: string) => void
}) {
  const ring: string[] = []
  const splitter = createLineSplitter({
    maxLength: LINE_LENGTH,
    onLine(raw) {
      const line = censor(raw)
      ring.push(line)
      if (ring.length > LINES) ring.shift()
      onLine(line)
    },
  })
  return {
    push: splitter.push,
    end: splitter.end,
    lines: (): string[] => [...ring],
  }
}
