import type { Client } from '@temporalio/client'

export interface HistoryText {
  /** Everything: every text, and what every payload holds. */
  all: string
  /** Only what stands there unencrypted whatever is configured, or is shown without a payload being opened. */
  shown: string
}

/** A key under which nothing may stand that a prompt, a token or a secret is in. */
const SHOWN = /failure|searchattributes|usermetadata|identity|memo/i

/** The history of a workflow as whoever reads Temporal's database would see it. */
export async function historyText(client: Client, workflowId: string): Promise<HistoryText> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory()
  const all: string[] = []
  const shown: string[] = []
  collect(history, false)
  return { all: all.join('\n'), shown: shown.join('\n') }

  function collect(value: unknown, isShown: boolean): void {
    const text = typeof value === 'string' ? value : bytesOf(value)
    if (text !== null) {
      all.push(text)
      if (isShown) shown.push(text)
      return
    }
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      // The outcome of a failed job is a detail of its failure, and a payload.
      collect(inner, (isShown || SHOWN.test(key)) && !/details|lastHeartbeat/i.test(key))
    }
  }
}

function bytesOf(value: unknown): string | null {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : null
}
