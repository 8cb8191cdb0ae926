import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Context } from '@temporalio/activity'
import { type Client, WorkflowFailedError } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import type { Config } from '../../runtime/config.ts'
import { workerDataConverter } from '../../workers/dataConverter.ts'

/** An activity that tells the text in heartbeats, and in the messages, stacks and causes of its failure. */
async function leak(text: string): Promise<never> {
  Context.current().heartbeat({ text })
  throw new Error(`outer ${text}`, { cause: new TypeError(`inner ${text}`) })
}

/**
 * Has a worker like ours tell a text in every way that Temporal offers, beyond what our own workflows do. Gives the failure
 * as a client reads it.
 */
export async function leakEverywhere(
  { temporal, encryption }: Config,
  client: Client,
  text: string,
): Promise<WorkflowFailedError> {
  const connection = await NativeConnection.connect({ address: temporal.address })
  const taskQueue = `leaky-${randomUUID()}`
  const worker = await Worker.create({
    connection,
    taskQueue,
    namespace: temporal.namespace,
    dataConverter: workerDataConverter(encryption),
    workflowsPath: fileURLToPath(new URL('./leakyWorkflows.ts', import.meta.url)),
    activities: { leak },
  })
  const start = (type: string) =>
    client.workflow.start(type, {
      ...{ taskQueue, workflowId: `${type}-${randomUUID()}`, args: [text], memo: { text } },
      ...{ staticSummary: text, staticDetails: text },
    })
  try {
    return await worker.runUntil(async () => {
      const broken = await start('brokenWorkflow')
      const failure: unknown = await (await start('leakyWorkflow')).result().catch(error => error)
      while (!(await tasksFailed(broken))) await new Promise(resolve => setTimeout(resolve, 100))
      await broken.terminate('by hand')
      if (failure instanceof WorkflowFailedError) return failure
      throw failure
    })
  } finally {
    await connection.close()
  }
}

async function tasksFailed(handle: ReturnType<Client['workflow']['getHandle']>): Promise<boolean> {
  const { events } = await handle.fetchHistory()
  return (events ?? []).some(event => event.workflowTaskFailedEventAttributes)
}
