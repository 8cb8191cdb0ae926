export interface LineSplitter {
  push(text: string): void
  /** The stream is over: what stands without a line end is a line too. */
  end(): void
}

/**
 * Cuts a stream of text into lines, in memory bounded by `maxLength` characters. A longer line is given once, cut to that
 * length and marked, and its rest is skipped. Empty lines are not given.
 */
export function createLineSplitter(options: {
  maxLength: number
  onLine: (line: string, cut: boolean) => void
}): LineSplitter {
  const { maxLength, onLine } = options
  let partial = ''
  let skipping = false

  function take(text: string): void {
    if (skipping) return
    partial += text
    if (partial.length <= maxLength) return
    skipping = true
    const line = partial.slice(0, maxLength)
    partial = ''
    onLine(line, true)
  }

  function endLine(): void {
    const line = partial.endsWith('\r') ? partial.slice(0, -1) : partial
    partial = ''
    if (!skipping && line !== '') onLine(line, false)
    skipping = false
  }

  return {
    push(text) {
      let start = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        take(text.slice(start, end))
        endLine()
        start = end + 1
      }
      take(text.slice(start))
    },
    end: endLine,
  }
}
