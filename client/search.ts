import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { statusClient } from '../runtime/statusClient.ts'
import { callServer } from './server.ts'

/** The server allows 10 such queries a second per namespace, for all its clients together. */
const FRESH_MS = 1000
const MAX_CACHED = 100

export type Search = (query: string, limit: number) => Promise<WorkflowExecutionInfo[]>

/** Asks the server's index, in one request; memos are not read. The same question within a second is answered from memory. */
export function createSearch(client: Client): Search {
  const looking = statusClient(client.connection, client.options.namespace)
  const cache = new Map<string, { atMs: number; executions: Promise<WorkflowExecutionInfo[]> }>()
  return (query, limit) => {
    const key = `${limit} ${query}`
    const cached = cache.get(key)
    if (cached && Date.now() - cached.atMs < FRESH_MS) return cached.executions
    const executions = firstPage(looking, query, limit)
    executions.catch(() => cache.delete(key))
    cache.delete(key)
    cache.set(key, { atMs: Date.now(), executions })
    for (const [oldest] of cache) if (cache.size > MAX_CACHED) cache.delete(oldest)
    return executions
  }
}

function firstPage(client: Client, query: string, limit: number): Promise<WorkflowExecutionInfo[]> {
  return callServer(client, async () => {
    const found: WorkflowExecutionInfo[] = []
    for await (const execution of client.workflow.list({ query, pageSize: limit })) {
      found.push(execution)
      // Leaving here keeps it at one request.
      if (found.length === limit) break
    }
    return found
  })
}
