import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'

/** Writes the history of a workflow into a folder, as a JSON file of that name. */
export async function saveHistory(
  { temporal, folder }: { temporal: Client; folder: string },
  workflowId: string,
  name: string,
): Promise<void> {
  const history = await temporal.workflow.getHandle(workflowId).fetchHistory()
  await writeFile(newFile(folder, name), `${neutral(historyToJSON(history))}\n`)
}

/** A history of earlier code stays, and the new one gets its day into its name. */
function newFile(folder: string, name: string): string {
  const file = join(folder, `${name}.json`)
  return existsSync(file) ? join(folder, `${name}-${new Date().toISOString().slice(0, 10)}.json`) : file
}

/** Without what tells of the machine that ran it: no replay reads that. */
function neutral(history: string): string {
  const hidden = new Map([
    ['stackTrace', ''],
    ['identity', 'worker'],
  ])
  const shown = (key: string, value: unknown) =>
    key === 'message' && typeof value === 'string' ? value.replaceAll(tmpdir(), '/data') : value
  const text = JSON.stringify(
    JSON.parse(history),
    (key, value: unknown) => hidden.get(key) ?? shown(key, value),
    1,
  )
  // A worker's own queue is named after its process and host.
  return text.replaceAll(/\d+@[\w.-]+/g, match => (match.includes(hostname()) ? 'worker' : match))
}
