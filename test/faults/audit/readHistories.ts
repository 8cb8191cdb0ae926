import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import proto from '@temporalio/proto'
import { type History, historySchema } from './history.ts'

const FOLDER = 'histories'
const PLAIN = { enums: String, longs: Number, bytes: String } as const

/** Every history of a namespace, read from Temporal and saved in the evidence folder. */
export async function fetchHistories(
  directory: string,
  { address, namespace }: { address: string; namespace: string },
): Promise<History[]> {
  const folder = join(directory, FOLDER)
  await mkdir(folder, { recursive: true })
  const connection = await Connection.connect({ address })
  try {
    const client = new Client({ connection, namespace })
    const histories: History[] = []
    for await (const { workflowId, runId } of client.workflow.list()) {
      const found = await client.workflow.getHandle(workflowId, runId).fetchHistory()
      const { events } = proto.temporal.api.history.v1.History.toObject(
        proto.temporal.api.history.v1.History.fromObject(found),
        PLAIN,
      )
      const text = JSON.stringify({ workflowId, runId, events }, null, 1)
      await writeFile(join(folder, `${encodeURIComponent(workflowId)}.${runId}.json`), `${text}\n`)
      histories.push(historySchema.parse(JSON.parse(text)))
    }
    return histories
  } finally {
    await connection.close()
  }
}

/** The histories that an earlier audit has saved. */
export async function savedHistories(directory: string): Promise<History[]> {
  const folder = join(directory, FOLDER)
  const names = (await readdir(folder)).filter(name => name.endsWith('.json'))
  return Promise.all(
    names.map(async name => historySchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
  )
}
