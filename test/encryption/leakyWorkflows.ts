import { ApplicationFailure } from '@temporalio/common'
import { proxyActivities, setCurrentDetails, sleep, upsertMemo } from '@temporalio/workflow'

interface LeakyActivities {
  leak(text: string): Promise<string>
}

const { leak } = proxyActivities<LeakyActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '30s',
  retry: { maximumAttempts: 2, initialInterval: '100ms' },
})

/** Tells what must stay secret in every way in which a workflow can tell something. */
export async function leakyWorkflow(text: string): Promise<never> {
  setCurrentDetails(text)
  upsertMemo({ text })
  await sleep('10ms', { summary: text })
  const failure: unknown = await leak.executeWithOptions({ summary: text }, [text]).catch(error => error)
  throw ApplicationFailure.create({
    message: `it failed: ${text}`,
    details: [{ text }],
    nonRetryable: true,
    ...(failure instanceof Error ? { cause: failure } : {}),
  })
}

/** Its tasks fail again and again, with the text as the message. */
export async function brokenWorkflow(text: string): Promise<never> {
  throw new Error(text)
}
