import { setTimeout as sleep } from 'node:timers/promises'
import type { TestStack } from '../stack.ts'

const LIMIT_MS = 60_000

/**
 * Waits for what the next sweeps of the reconciler bring about. The schedule that starts them is the server's, and the server
 * is shared: where nothing comes, the error tells what it started and what the index shows.
 */
export async function untilSwept(
  { temporal, config }: Pick<TestStack, 'temporal' | 'config'>,
  isSo: () => boolean,
): Promise<void> {
  const queue = `${config.temporal.queuePrefix}.jobs`
  for (const limit = Date.now() + LIMIT_MS; !isSo(); await sleep(100)) {
    if (Date.now() < limit) continue
    const { info } = await temporal.schedule.getHandle(`reconcile-${queue}`).describe()
    const shown: string[] = []
    for await (const workflow of temporal.workflow.list({ query: `TaskQueue = '${queue}'` })) {
      const { workflowId, type, status, startTime, closeTime, searchAttributes } = workflow
      shown.push(JSON.stringify({ workflowId, type, status, startTime, closeTime, searchAttributes }))
    }
    throw new Error(
      `no sweep did it within ${LIMIT_MS / 1000} s: ${JSON.stringify(info)}\n${shown.slice(0, 40).join('\n')}`,
    )
  }
}
