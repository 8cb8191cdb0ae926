import { setMaxListeners } from 'node:events'
import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client'
import { workflowIds } from '../jobs/workflowIds.ts'
import type { PipelineContext } from './context.ts'
import { JobNotFoundError } from './errors.ts'
import { throughOutages } from './patience.ts'
import { serverError } from './server.ts'

/** The Temporal client adds a listener to the signal with each poll and never takes it away, so a signal lives this long only. */
const ROUND_MS = 120_000

/** Resolves as soon as the job's workflow has closed, by a long poll. Throws JobNotFoundError, ServerUnreachableError, the signal's reason. */
export async function waitUntilClosed(
  context: PipelineContext,
  jobId: string,
  { signal, maxOutageMs }: { signal: AbortSignal; maxOutageMs: number },
): Promise<void> {
  for (;;) {
    const closed = await throughOutages(() => longPoll(context, jobId, signal), { signal, maxOutageMs })
    if (closed) return
  }
}

async function longPoll({ client }: PipelineContext, jobId: string, signal: AbortSignal): Promise<boolean> {
  const round = new AbortController()
  setMaxListeners(0, round.signal)
  const endRound = () => round.abort()
  const timer = setTimeout(endRound, ROUND_MS)
  signal.addEventListener('abort', endRound)
  try {
    await client.withAbortSignal(round.signal, () =>
      client.workflow.getHandle(workflowIds.job(jobId)).result(),
    )
    return true
  } catch (error) {
    if (error instanceof WorkflowFailedError) return true
    if (error instanceof WorkflowNotFoundError) throw new JobNotFoundError(jobId)
    signal.throwIfAborted()
    if (round.signal.aborted) return false
    throw serverError(error)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', endRound)
  }
}
