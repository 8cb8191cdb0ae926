import { completionRecord, type UsedJob, workerMetrics } from '../jobs/usage.ts'

/** Posts the worker's metrics, and the completion record of a job that made assets. Throws when the endpoint refuses. */
export function createRecordUsage(deps: { url: string | null; timeoutMs: number }) {
  return async function recordUsage(input: UsedJob): Promise<void> {
    if (deps.url === null) return
    await post(deps.url, workerMetrics(input), deps.timeoutMs)
    if (input.success) await post(deps.url, completionRecord(input), deps.timeoutMs)
  }
}

async function post(url: string, record: unknown, timeoutMs: number): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(record),
    signal: AbortSignal.timeout(timeoutMs),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the metrics endpoint answered ${response.status}`)
}
