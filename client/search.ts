import type { Client, WorkflowExecutionInfo } from '@temporalio/client'
import { statusClient } from '../runtime/statusClient.ts'
import { callServer } from './server.ts'

/** The server allows 10 such queries a second per namespace, for all its clients together. */
const FRESH_MS = 1000
const MAX_CACHED = 100
/** The most that a server gives at once. */
const PAGE = 1000

/** Asks the server's index; memos are not read. The same question within a second is answered from memory. */
export interface Search {
  /** The latest that match, in one request. */
  latest(query: string, limit: number): Promise<WorkflowExecutionInfo[]>
  /** Workflow ids of all that match, latest first and each as often as it ran; a page costs one request, when it is wanted. */
  ids(query: string): AsyncGenerator<string[]>
}

interface IdPage {
  ids: string[]
  /** Empty after the last page. */
  next: Uint8Array
}

export function createSearch(client: Client, { page = PAGE }: { page?: number } = {}): Search {
  const looking = statusClient(client.connection, client.options.namespace)
  const latest = rememberFor<WorkflowExecutionInfo[]>(FRESH_MS)
  const pages = rememberFor<IdPage>(FRESH_MS)
  return {
    latest: (query, limit) => latest(`${limit} ${query}`, () => firstPage(looking, query, limit)),
    async *ids(query) {
      let next: Uint8Array = new Uint8Array()
      do {
        const token = next
        const key = `${Buffer.from(token).toString('base64')} ${query}`
        const found = await pages(key, () => idPage(client, query, page, token))
        yield found.ids
        next = found.next
      } while (next.length > 0)
    },
  }
}

function rememberFor<T>(freshMs: number) {
  const cache = new Map<string, { atMs: number; answer: Promise<T> }>()
  return (key: string, ask: () => Promise<T>): Promise<T> => {
    const cached = cache.get(key)
    if (cached && Date.now() - cached.atMs < freshMs) return cached.answer
    const answer = ask()
    answer.catch(() => cache.delete(key))
    cache.delete(key)
    cache.set(key, { atMs: Date.now(), answer })
    for (const [oldest] of cache) if (cache.size > MAX_CACHED) cache.delete(oldest)
    return answer
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

async function idPage(
  client: Client,
  query: string,
  pageSize: number,
  nextPageToken: Uint8Array,
): Promise<IdPage> {
  const { namespace } = client.options
  const answer = await callServer(client, () =>
    client.workflowService.listWorkflowExecutions({ namespace, query, pageSize, nextPageToken }),
  )
  return {
    ids: (answer.executions ?? []).flatMap(({ execution }) => execution?.workflowId ?? []),
    next: answer.nextPageToken ?? new Uint8Array(),
  }
}
