import { isDeepStrictEqual } from 'node:util'
import type { PipelineContext } from './context.ts'
import { get } from './get.ts'
import { parseUuid } from './jobId.ts'
import type { JobView } from './jobView.ts'
import { DEFAULT_MAX_OUTAGE_MS, pause, throughOutages } from './patience.ts'
import { waitUntilClosed } from './waitUntilClosed.ts'

export interface WatchOptions {
  signal?: AbortSignal
  /** Shortest time between two looks, 1000 ms at least and by default. While nothing changes it grows fivefold. */
  intervalMs?: number
  /** How long the server may be away before the watch gives up; 5 minutes by default. */
  maxOutageMs?: number
}

const SHORTEST_INTERVAL_MS = 1000
/** Describe may lag the long poll by a moment. */
const SETTLING_MS = 100

/**
 * Yields the job whenever something about it changed, and its terminal view last, at once when it ends. Throws
 * JobNotFoundError, ServerUnreachableError after a long outage, and the signal's reason when it aborts.
 */
export async function* watch(
  context: PipelineContext,
  jobId: string,
  { signal: given, intervalMs, maxOutageMs = DEFAULT_MAX_OUTAGE_MS }: WatchOptions = {},
): AsyncGenerator<JobView, void, undefined> {
  const id = parseUuid(jobId, 'The job id')
  const shortestMs = Math.max(SHORTEST_INTERVAL_MS, intervalMs ?? SHORTEST_INTERVAL_MS)
  const left = new AbortController()
  const signal = AbortSignal.any([context.closing, left.signal, ...(given ? [given] : [])])
  const look = () => throughOutages(() => get(context, id), { maxOutageMs, signal })
  function closed(): Promise<void> {
    const closing = waitUntilClosed(context, id, { signal, maxOutageMs })
    // Its failure is told by whoever waits for it, unless the caller has left by then.
    closing.catch(() => {})
    return closing
  }
  try {
    let view = await look()
    yield view
    if (view.outcome !== null) return
    let closing = closed()
    for (let delayMs = shortestMs; view.outcome === null; ) {
      const isClosed = await closedWithin(delayMs, closing, signal)
      const next = await look()
      const changed = !isDeepStrictEqual(next, view)
      if (changed) yield next
      view = next
      delayMs = changed ? shortestMs : Math.min(1.5 * delayMs, 5 * shortestMs)
      if (isClosed && view.outcome === null) {
        await pause(SETTLING_MS, signal)
        // Again, as a job that is reset goes on in another run.
        closing = closed()
      }
    }
  } finally {
    left.abort()
  }
}

async function closedWithin(ms: number, closing: Promise<void>, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController()
  const timer = pause(ms, AbortSignal.any([signal, over.signal]))
  timer.catch(() => {})
  try {
    return await Promise.race([timer.then(() => false), closing.then(() => true)])
  } finally {
    over.abort()
  }
}
